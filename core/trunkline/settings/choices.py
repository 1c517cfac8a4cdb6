"""Settings that name something of the running system: an engine, a transport, a tariff."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Protocol, runtime_checkable

from trunkline.errors import Faults, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SettingChoices


@runtime_checkable
class ChecksItself(Protocol):
    """A settings model with rules that take the running system, such as names of roles in the middle of a text."""

    def check_here(self, ctx: Context, changed: Set[str]) -> None:
        """Raise Refused naming the field, for settings among `changed` that cannot work. Called before they are saved."""


def choices_of(ctx: Context, owner: str) -> dict[str, Sequence[tuple[str, str]]]:
    """(value, label) of what such settings of `owner` may be, by the setting's name."""
    gathered = ctx.app.hooks.gather("setting_choices", SettingChoices, session=ctx.session, ctx=ctx)
    return {item.name: item.options for plugin, item in gathered if plugin == owner}


def refuse_unoffered(ctx: Context, owner: str, changed: Mapping[str, Any]) -> None:
    """Raise Refused naming each changed setting whose new value names nothing that is there."""
    faults = Faults()
    for name, options in choices_of(ctx, owner).items():
        if name in changed and changed[name] not in dict(options):
            with faults.noted():
                raise Refused(
                    _("There is no “{value}” here.", value=changed[name]),
                    field=name,
                    remedy=_(
                        "Choose one of: {values}.",
                        values=", ".join(value for value, _label in options if value),
                    ),
                )
    faults.refuse()


def offered(options: Sequence[tuple[str, str]], now: str) -> list[tuple[str, str]]:
    """The options for a form; what is set `now` stays among them, so that saving something else does not change it."""
    gone = [] if now in dict(options) else [(now, str(_("{value}: not there any more", value=now)))]
    return [*options, *gone]
