"""Turning what an operation changed into its activity entry."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session, UOWTransaction

from trunkline.activity.models import ActivityEntry
from trunkline.db.base import UNLOGGED, Record
from trunkline.db.types import EncryptedStr
from trunkline.operation import Subject

if TYPE_CHECKING:
    from trunkline.operation import Context, _Running

MASK = "•••"
_CHANGES_KEPT = 100
_TEXT_KEPT = 500
_SECRET_NAME = re.compile(r"(^|_)(password|secret|token|hash|ki|opc|pin\d?|puk\d?)($|_)")
_BOOKKEEPING = {"id", "created_at", "updated_at", "version"}
_KEY = "trunkline_running"
_COUNTED: dict[str, list[Any]] = {"": []}
#: Straight into the table: an object per entry, written by the next flush, would cost several times as much.
_INSERT = insert(ActivityEntry.__table__)  # type: ignore[attr-defined]  # SQLModel's types hide it


@contextmanager
def recorded(ctx: "Context", running: "_Running") -> Iterator[None]:
    """Collect the session's changes for `running`, then add its entry. One that changed and noted nothing leaves none."""
    session = ctx.session
    session.flush()
    outer = session.info.get(_KEY)
    session.info[_KEY] = running
    try:
        yield
        session.flush()
    finally:
        session.info[_KEY] = outer
    if running.each:
        session.connection().execute(_INSERT, list(_entries(ctx, running)))
    elif running.changes or running.subject is not None or running.details:
        subject, label = _subject(running)
        session.connection().execute(_INSERT, _entry(ctx, running, subject, label, running.changes))


def _entries(ctx: "Context", running: "_Running") -> Iterator[dict[str, Any]]:
    """An entry for each row that the operation was about, and one for what it changed besides."""
    changes: dict[int | None, list[Mapping[str, Any]]] = defaultdict(list)
    for change in running.changes:
        changes[_customer(change["row"])].append(change)
    for subject in running.each:
        yield _entry(ctx, running, subject, subject.label, changes.pop(subject.customer_id, []))
    for rest in changes.values():
        yield _entry(ctx, running, rest[0]["row"], "", rest)


def _subject(running: "_Running") -> tuple[object, str]:
    """What the one entry of an operation is about: what it noted itself, else the first row that it changed.

    Where it changed rows of several customers and noted none, it is no customer's.
    """
    if running.subject is not None or not running.changes:
        return running.subject, running.label
    first = running.changes[0]["row"]
    if len({_customer(change["row"]) for change in running.changes}) == 1:
        return first, running.label
    return Subject(first.__tablename__, first.id, _label(first), None), running.label


def _entry(
    ctx: "Context",
    running: "_Running",
    subject: object,
    label: str,
    changed: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    changes = [_finished(change) for change in changed[:_CHANGES_KEPT]]
    kind, key = _identity(subject)
    details = dict(running.details)
    if len(changed) > _CHANGES_KEPT:
        details["rows_changed"] = len(changed)
    return {
        "at": ctx.now(),
        "operation": running.name,
        "actor_kind": ctx.actor.kind,
        "actor_id": ctx.actor.id,
        "actor": ctx.actor.name,
        "on_behalf_of_id": ctx.on_behalf_of.id if ctx.on_behalf_of else None,
        "on_behalf_of": ctx.on_behalf_of.name if ctx.on_behalf_of else "",
        "address": ctx.actor.address,
        "request_id": ctx.request_id,
        "subject_kind": kind,
        "subject_id": key,
        "subject": (label or _label(subject))[:200],
        "customer_id": _customer(subject),
        "changes": changes,
        "details": {name: plain(value) for name, value in details.items()},
    }


def _identity(subject: object) -> tuple[str, int | None]:
    if isinstance(subject, Subject):
        return subject.kind, subject.id
    if subject is None or not hasattr(subject, "__tablename__"):
        return "", None
    return subject.__tablename__, getattr(subject, "id", None)


def _label(subject: object) -> str:
    if isinstance(subject, Subject):
        return subject.label
    for name in ("number", "name", "email", "title", "code"):
        if value := getattr(subject, name, None):
            return str(value)
    return ""


def _customer(subject: object) -> int | None:
    kind, key = _identity(subject)
    return key if kind == "core_customer" else getattr(subject, "customer_id", None)


def _finished(change: Mapping[str, Any]) -> dict[str, Any]:
    row = change["row"]
    return {"entity": row.__tablename__, "id": row.id, "action": change["action"], "fields": change["fields"]}


@event.listens_for(Session, "before_flush")
def _collect(session: Session, flush_context: UOWTransaction, instances: object) -> None:
    running: _Running | None = session.info.get(_KEY)
    if running is None:
        return
    for action, rows in (("created", session.new), ("changed", session.dirty), ("deleted", session.deleted)):
        for row in rows:
            if isinstance(row, Record) and not getattr(type(row), "__unaudited__", False):
                # Of a large batch the rest is only counted.
                counted = action == "created" and len(running.changes) >= _CHANGES_KEPT
                fields = _COUNTED if counted else _fields(row, action)
                if fields or action == "deleted":
                    running.changes.append({"row": row, "action": action, "fields": fields})


def _fields(row: Record, action: str) -> dict[str, list[Any]]:
    """`{field: [before, after]}` of what differs, secrets masked."""
    state, found = inspect(row), {}
    for attribute in state.mapper.column_attrs:
        column = attribute.columns[0]
        if attribute.key in _BOOKKEEPING or UNLOGGED in column.info:
            continue
        value = getattr(row, attribute.key)
        if action == "created":
            before, after, differs = None, value, value not in (None, "", [], {})
        elif action == "deleted":
            before, after, differs = value, None, value is not None
        else:
            history = state.attrs[attribute.key].history
            before, after = (history.deleted or [None])[0], value
            differs = bool(history.has_changes()) and before != after
        if differs:
            hidden = isinstance(column.type, EncryptedStr) or bool(_SECRET_NAME.search(attribute.key))
            found[attribute.key] = (
                [MASK if before else None, MASK] if hidden else [plain(before), plain(after)]
            )
    return found


def plain(value: Any) -> Any:
    """A JSON value for the log."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {
            str(key): MASK if _SECRET_NAME.search(str(key)) else plain(item) for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)[:_TEXT_KEPT]
