"""What can be done and opened by its name: commands of core and plugins, and the pages of the menu."""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
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
_SHORTEST_NEAR, _NEAR = 5, 0.85


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
    """Commands and pages whose words the query's words begin, or nearly are where none does, as far as the actor may use them."""
    asked = words(query)
    if not asked:
        return []
    found = list(_offered(ctx, asked, _begins)) or list(_offered(ctx, asked, _is_near))
    # A page of the menu may be a command under a longer name.
    paths = {one.path: one for one in reversed(found)}
    return [_hit(ctx, one) for one in found if paths[one.path] is one][:limit]


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


def _offered(
    ctx: Context, asked: Sequence[str], is_meant: Callable[[str, Sequence[str]], bool]
) -> Iterator[Command]:
    everything = ctx.app.part(Commands)
    for command in (*everything.commands, *everything.pages):
        if ctx.actor.may(command.permission):
            told = f"{_(command.label)} {_(command.words) if command.words else ''}"
            # “E-mails” is looked for as “emails”, too.
            known = words(f"{told} {told.replace('-', '')}" if "-" in told else told)
            if all(is_meant(part, known) for part in asked):
                yield command


def _begins(part: str, known: Sequence[str]) -> bool:
    return any(word.startswith(part) for word in known)


def _is_near(part: str, known: Sequence[str]) -> bool:
    """Another ending or a slip of the finger: most letters, in order, of a word that is not short."""
    if len(part) < _SHORTEST_NEAR:
        return _begins(part, known)
    return bool(get_close_matches(part, known, 1, _NEAR))


def _hit(ctx: Context, command: Command) -> Hit:
    return Hit(
        kind="command",
        title=str(_(command.label)),
        subtitle="",
        path=command.path,
        icon=command.icon,
        keys=ctx.app.part(Commands).keys.get(command.path, ""),
    )
