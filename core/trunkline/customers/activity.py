"""What happened to a customer, in words."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from trunkline.activity import words
from trunkline.activity.references import Change, Field, Told
from trunkline.customers.queries import latest_activity_of, latest_activity_of_all, merged_into
from trunkline.operation import Context
from trunkline.read_model import read_model
from trunkline.web.writing import identifier_text

PAGE = 30
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


@read_model
class Happening:
    """One entry as the timeline shows it."""

    id: int
    title: str
    sub: str
    actor: str
    at: datetime
    icon: str
    recorded: Sequence[Change]

    def changes(self, told: Told) -> Sequence[Field]:
        """(field, before, after) of what was changed. The overview, which tells only what happened, does without."""
        return [field for change in self.shown() for field in told.fields(change)]

    def shown(self) -> Sequence[Change]:
        """What was changed, but for what says nothing to people."""
        return [
            {**change, "fields": {name: both for name, both in fields.items() if _says(name, both)}}
            for change in self.recorded
            if change.get("action") == "changed" and (fields := change.get("fields", {}))
        ]


def happenings(
    ctx: Context, customer_id: int, *, before: int | None = None, limit: int = PAGE
) -> list[Happening]:
    """The customer's entries, newest first; `before` is the key of the last one shown."""
    return [_told(row) for row in latest_activity_of(ctx, customer_id, limit, before)]


def happenings_with_merged(ctx: Context, customer_id: int, *, before: int | None = None) -> list[Happening]:
    """`happenings` of the customer and of those merged into it: the log is only added to, so their entries stay theirs."""
    merged = merged_into(ctx, customer_id)
    if not merged:
        return happenings(ctx, customer_id, before=before)
    return [_told(row) for row in latest_activity_of_all(ctx, (customer_id, *merged), PAGE, before)]


def in_words(ctx: Context, happened: Iterable[Happening]) -> Told:
    """What is needed to say what these changed."""
    return Told(ctx, [change for one in happened for change in one.shown()])


def _says(name: str, values: Sequence[Any]) -> bool:
    return name != "tax_key" and not any(isinstance(value, dict) for value in values)


def _told(row: Any) -> Happening:
    changes = row.changes or []
    verb = words.verb_of(row.operation, changes)
    reason = (row.details or {}).get("reason", "")
    return Happening(
        id=row.id,
        title=words.title(row.operation, row.subject_kind, changes),
        sub=" · ".join(part for part in (identifier_text(str(row.subject)), str(reason)) if part),
        actor=str(row.actor),
        at=row.at,
        icon=_ICONS.get(verb, "point"),
        recorded=changes,
    )
