"""What can be done and opened by its name: commands of core and plugins, and the pages of the menu."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import _
from trunkline.operation import Context
from trunkline.plugin import Command
from trunkline.search.folding import words
from trunkline.search.queries import Hit

if TYPE_CHECKING:
    from trunkline.app import App

#: Shown before anything is typed.
_SUGGESTED = 6


class Commands:
    """Everything that is offered by name, put together once: commands in order, then pages of the menu."""

    def __init__(self, app: "App") -> None:
        found = [command for _plugin, command in app.hooks.gather("commands", Command)]
        self.commands: Sequence[Command] = sorted(found, key=lambda command: command.order)
        menu = [item for item in app.menu_items if item.audience == "staff"]
        self.pages: Sequence[Command] = [
            Command(item.label, item.path, item.icon, item.permission) for item in menu
        ]
        self.keys = {item.path: f"g {item.key}" for item in menu if item.key}


def find_commands(ctx: Context, query: str, limit: int = 8) -> list[Hit]:
    """Commands and pages whose words the query's words begin, as far as the actor may use them."""
    asked = words(query)
    return [_hit(ctx, one) for one in _offered(ctx, asked)][:limit] if asked else []


def suggested(ctx: Context, limit: int = _SUGGESTED) -> list[Hit]:
    """What to offer before anything is typed: the commands that come first."""
    offered = ctx.app.part(Commands).commands
    return [_hit(ctx, one) for one in offered if ctx.actor.may(one.permission)][:limit]


def pages_of(ctx: Context) -> list[Hit]:
    """The pages of the menu that have keys of their own."""
    everything = ctx.app.part(Commands)
    return [
        _hit(ctx, one)
        for one in everything.pages
        if one.path in everything.keys and ctx.actor.may(one.permission)
    ]


def _offered(ctx: Context, asked: Sequence[str]) -> Iterator[Command]:
    everything = ctx.app.part(Commands)
    for command in (*everything.commands, *everything.pages):
        if ctx.actor.may(command.permission):
            known = words(f"{_(command.label)} {_(command.words) if command.words else ''}")
            if all(any(word.startswith(part) for word in known) for part in asked):
                yield command


def _hit(ctx: Context, command: Command) -> Hit:
    return Hit(
        kind="command",
        title=str(_(command.label)),
        subtitle="",
        path=command.path,
        icon=command.icon,
        keys=ctx.app.part(Commands).keys.get(command.path, ""),
    )
