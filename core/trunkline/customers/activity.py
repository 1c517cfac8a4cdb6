"""What happened to a customer, in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.customers.queries import activity_of
from trunkline.i18n import format_datetime
from trunkline.i18n import gettext as _
from trunkline.operation import Context

PAGE = 30
_VERBS = {
    "create": _("registered"),
    "created": _("added"),
    "edit": _("changed"),
    "changed": _("changed"),
    "deleted": _("removed"),
    "delete": _("removed"),
    "archive": _("archived"),
    "issue": _("issued"),
    "cancel": _("cancelled"),
    "retry": _("retried"),
    "suspend": _("suspended"),
    "resume": _("resumed"),
    "terminate": _("terminated"),
    "record": _("recorded"),
    "run": _("run"),
    "invite": _("invited"),
    "import": _("imported"),
    "assign": _("assigned"),
    "release": _("released"),
    "reveal": _("looked at"),
    "change": _("changed"),
    "view": _("viewed"),
}
_ICONS = {
    "create": "plus",
    "created": "plus",
    "deleted": "trash",
    "delete": "trash",
    "archive": "archive",
    "suspend": "player-pause",
    "resume": "player-play",
    "terminate": "x",
    "cancel": "x",
    "record": "cash",
    "issue": "file-invoice",
    "invite": "mail",
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class Happening:
    """One entry as the timeline shows it. `changes` are (field, before, after)."""

    id: int
    title: str
    sub: str
    actor: str
    at: datetime
    icon: str
    changes: Sequence[tuple[str, Any, Any]]


def happenings(
    ctx: Context, customer_id: int, *, before: int | None = None, limit: int = PAGE
) -> list[Happening]:
    """The customer's entries, newest first; `before` is the key of the last one shown."""
    identity = col(ActivityEntry.id)
    statement = activity_of(ctx, customer_id).order_by(identity.desc()).limit(limit)
    if before is not None:
        statement = statement.where(identity < before)
    return [_told(row) for row in ctx.session.execute(statement).mappings()]


def _told(row: RowMapping) -> Happening:
    _owner, _dot, rest = str(row["operation"]).partition(".")
    noun, _dot, verb = rest.partition(".")
    changes = row["changes"] or []
    if verb in ("edit", "change") and changes and changes[0].get("action"):
        verb = str(changes[0]["action"])
    if row["subject_kind"]:
        noun = str(row["subject_kind"]).partition("_")[2] or noun
    noun = noun.replace("customer_", "").replace("_", " ")
    done = str(_VERBS.get(verb, verb))
    reason = (row["details"] or {}).get("reason", "")
    return Happening(
        id=row["id"],
        title=f"{noun.capitalize()} {done}",
        sub=" · ".join(part for part in (str(row["subject"]), str(reason)) if part),
        actor=str(row["actor"]),
        at=row["at"],
        icon=_ICONS.get(verb, "point"),
        changes=[
            (field.replace("_", " "), _value(values[0]), _value(values[1]))
            for change in changes
            if change.get("action") == "changed"
            for field, values in change.get("fields", {}).items()
            if field != "tax_key" and not any(isinstance(value, dict) for value in values)
        ],
    )


def _value(value: Any) -> Any:
    """A logged value as people read it."""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    if isinstance(value, str) and _MOMENT.match(value):
        return format_datetime(datetime.fromisoformat(value))
    return None if value == "" else value
