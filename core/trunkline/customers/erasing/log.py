"""The person in the activity log: values go, the entries and the proof that they are whole stay."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select
from sqlmodel import SQLModel

from trunkline.activity.erasing import ERASED, blanked, blanked_changes, rewrite
from trunkline.activity.models import ActivityEntry
from trunkline.customers.erasing.parts import Person
from trunkline.operation import ActorKind, Context

_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
#: As people number customers, invoices and the like; no name is written so.
_NUMBER = re.compile(r"[A-Z]{1,3}\d{4,}(-\d+)?|\d{8}-\d{6}")
_USERS = "core_user"


def _of_person(person: Person) -> ColumnElement[bool]:
    """Entries about the customer, about their portal users, and by these."""
    return or_(
        _ENTRY.customer_id.in_(person.customer_ids),
        and_(_ENTRY.subject_kind == _USERS, _ENTRY.subject_id.in_(person.user_ids)),
        _ENTRY.actor_id.in_(person.user_ids),
        _ENTRY.on_behalf_of_id.in_(person.user_ids),
    )


def count(ctx: Context, person: Person) -> int:
    """How many entries are theirs."""
    return (
        ctx.session.scalar(select(func.count()).select_from(_ENTRY.id.table).where(_of_person(person))) or 0
    )


def erase(ctx: Context, person: Person) -> int:
    """Take the values out of their entries, and their addresses out of entries that are nobody's."""
    done = rewrite(ctx, _of_person(person), lambda row: _blank(row, person))
    named = and_(
        _ENTRY.customer_id.is_(None), person.reached_in(_ENTRY.subject, _ENTRY.changes, _ENTRY.details)
    )
    return done + rewrite(ctx, named, lambda row: _without(row, person))


def _blank(row: RowMapping, person: Person) -> Mapping[str, Any]:
    new: dict[str, Any] = {"changes": blanked_changes(row["changes"]), "details": blanked(row["details"])}
    if not _is_number(row):
        new["subject"] = person.pseudonym if row["subject"] else ""
    if row["actor_kind"] != ActorKind.SYSTEM and row["actor_id"] in person.user_ids:
        new |= {"actor": person.pseudonym, "address": ""}
    if row["on_behalf_of_id"] in person.user_ids:
        new["on_behalf_of"] = person.pseudonym
    return new


def _is_number(row: RowMapping) -> bool:
    table = SQLModel.metadata.tables.get(row["subject_kind"])
    return table is not None and "number" in table.c and bool(_NUMBER.fullmatch(row["subject"]))


def _without(row: RowMapping, person: Person) -> Mapping[str, Any]:
    return {name: without(row[name], person.addresses) for name in ("subject", "changes", "details")}


def without(value: Any, words: tuple[str, ...]) -> Any:
    """A value in which each text that holds one of the words is gone."""
    if isinstance(value, str):
        folded = value.casefold()
        return ERASED if any(word.casefold() in folded for word in words) else value
    if isinstance(value, list):
        return [without(one, words) for one in value]
    if isinstance(value, dict):
        return {key: without(one, words) for key, one in value.items()}
    return value
