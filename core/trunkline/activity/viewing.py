"""Entries of looking: whoever opens a record that its plugin declares sensitive leaves one, at most one an hour."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from trunkline.activity.models import ActivityEntry
from trunkline.operation import ActorKind, Context
from trunkline.plugin import Sensitive

if TYPE_CHECKING:
    from trunkline.app import App

ONCE_PER = timedelta(hours=1)
_REMEMBERED = 20_000
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it


@dataclass(frozen=True)
class _Seen:
    """What was looked at, as an entry names it."""

    __tablename__: str
    id: int | None
    customer_id: int | None


def viewed(ctx: Context, subject: Any, what: str, *, label: str = "") -> None:
    """Say that the actor is shown something sensitive; call it before it is shown, so that nobody looks unseen.

    `what` is the name of a `Sensitive` that a plugin declares, such as `billing.usage`; `subject` the row or view it is of (its
    `id`, its `customer_id`, and as a label its `number` or name), or None for a whole list. In a unit of work that reads, the
    entry is committed in a short one of its own. The same person, subject and kind leave one entry an hour. Portal users see
    only what is theirs and leave none, unless somebody acts as them. Raises LookupError for a kind that nobody declares.
    """
    app = ctx.app
    declared = declarations(app).get(what)
    if declared is None:
        raise LookupError(f"no enabled plugin declares the sensitive kind {what}")
    actor = ctx.actor
    if actor.kind == ActorKind.SYSTEM or (actor.kind == ActorKind.PORTAL and ctx.on_behalf_of is None):
        return
    kind = getattr(subject, "__tablename__", None) or what.replace(".", "_") if subject is not None else ""
    key = getattr(subject, "id", None)
    person = (actor.kind, actor.id, ctx.on_behalf_of.id if ctx.on_behalf_of else None)
    recent = app.part(_Recent)
    if recent.knows((*person, what, kind, key), ctx.now()) or _entered(ctx, declared, kind, key):
        return
    seen = None
    if subject is not None:
        owner = key if kind == "core_customer" else getattr(subject, "customer_id", None)
        seen = _Seen(kind, key, owner)
        label = label or next(
            (str(value) for name in ("number", "name", "email") if (value := getattr(subject, name, None))),
            "",
        )
    known = (*person, what, kind, key)
    if ctx.writing:
        _enter(ctx, declared, seen, label)
        ctx.after_commit.append(lambda: recent.add(known, ctx.now()))
    else:
        with app.unit_of_work(actor, request_id=ctx.request_id, on_behalf_of=ctx.on_behalf_of) as writing:
            _enter(writing, declared, seen, label)
        recent.add(known, ctx.now())


def declarations(app: "App") -> dict[str, Sensitive]:
    """What the trunk and the enabled plugins declare sensitive, by name."""
    return app.part(_Declared).kinds


class _Declared:
    def __init__(self, app: "App") -> None:
        self.kinds = {kind.name: kind for plugin in app.plugins for kind in plugin.sensitive}


class _Recent:
    """Who looked at what lately, as far as this process knows: spares pages a query."""

    def __init__(self, app: "App") -> None:
        self._until: OrderedDict[tuple[Any, ...], datetime] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, key: tuple[Any, ...], now: datetime) -> bool:
        with self._lock:
            until = self._until.get(key)
            return until is not None and now < until

    def add(self, key: tuple[Any, ...], now: datetime) -> None:
        with self._lock:
            self._until[key] = now + ONCE_PER
            self._until.move_to_end(key)
            while len(self._until) > _REMEMBERED:
                self._until.popitem(last=False)


def _entered(ctx: Context, declared: Sensitive, kind: str, key: int | None) -> bool:
    """Whether the log has it already: another process, or this one before it was started again."""
    on_behalf_of = ctx.on_behalf_of.id if ctx.on_behalf_of else None
    conditions = [
        _ENTRY.operation == declared.operation,
        _ENTRY.at > ctx.now() - ONCE_PER,
        _ENTRY.actor_kind == ctx.actor.kind,
        _ENTRY.actor_id == ctx.actor.id,
        _ENTRY.on_behalf_of_id.is_(None) if on_behalf_of is None else _ENTRY.on_behalf_of_id == on_behalf_of,
        _ENTRY.subject_kind == kind,
        _ENTRY.subject_id.is_(None) if key is None else _ENTRY.subject_id == key,
    ]
    return ctx.session.execute(select(_ENTRY.id).where(*conditions).limit(1)).first() is not None


def _enter(ctx: Context, declared: Sensitive, seen: _Seen | None, label: str) -> None:
    with ctx.run(declared.operation):
        ctx.note(seen, label=label, viewed=declared.name)
