"""Reading the activity log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, and_, func, or_, select, union
from sqlmodel import col

from trunkline.activity.heads import Head
from trunkline.activity.models import (
    ActivityCheck,
    ActivityDigest,
    ActivityEntry,
    ActivitySeal,
    ActivitySegment,
)
from trunkline.activity.operations_known import OperationsKnown
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Customer
from trunkline.operation import Context
from trunkline.search.models import SearchDocument
from trunkline.web.table_search import begins_with

_SUGGESTED = 200
_SHOWN = 20
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
#: Why somebody did it, where the operation asks for that.
_REASON = _ENTRY.details["reason"].as_string().label("reason")
#: What is listed; an export adds the rest.
_LISTED = (
    "id at actor_kind actor actor_id on_behalf_of on_behalf_of_id operation subject_kind subject_id subject address "
    "request_id customer_id"
).split()


def entries(ctx: Context, *, customer_id: int | None = None, whole: bool = False) -> Select[Any]:
    """The entries the actor may see, as the columns of the list, `whole` with what changed; sorted by the list."""
    more = (_ENTRY.changes, _ENTRY.details) if whole else (_REASON,)
    statement: Select[Any] = select(*(_ENTRY[name] for name in _LISTED), *more).where(
        *ctx.visible_conditions(ActivityEntry)
    )
    return statement if customer_id is None else statement.where(_ENTRY.customer_id == customer_id)


def entry(ctx: Context, entry_id: int) -> ActivityEntry:
    """One entry with its changes. Raises NotFound."""
    return ctx.load(ActivityEntry, entry_id)


def operations(ctx: Context) -> Sequence[str]:
    """Every operation that the log knows, by name."""
    return ctx.app.part(OperationsKnown).names(ctx)


def staff_names(ctx: Context) -> Sequence[str]:
    """Names of staff, to suggest."""
    statement = (
        select(col(User.name)).where(col(User.kind) == UserKind.STAFF, col(User.name) != "").distinct()
    )
    return ctx.session.execute(statement.order_by(col(User.name)).limit(_SUGGESTED)).scalars().all()


def names_like(ctx: Context, words: str) -> Sequence[str]:
    """Names of staff whose name or e-mail address holds these words, and of customers' users whose begins with them.

    Customers' users may be a million: only beginnings are found along an index.
    """
    name, email = col(User.name), col(User.email)
    inside = or_(
        func.lower(name).contains(words.lower(), autoescape=True),
        func.lower(email).contains(words.lower(), autoescape=True),
    )
    ways = (
        and_(col(User.kind) == UserKind.STAFF, inside),
        begins_with(name, words),
        begins_with(email, words),
    )
    each = [select(select(name).where(way).limit(_SUGGESTED).subquery()) for way in ways]
    return ctx.session.execute(union(*each).limit(_SUGGESTED)).scalars().all()


def seal_of(ctx: Context, entry_id: int) -> ActivitySeal | None:
    """The seal that holds an entry; None while it waits for one."""
    statement = (
        select(ActivitySeal)
        .join(ActivityDigest, col(ActivityDigest.seal_no) == col(ActivitySeal.number))
        .where(col(ActivityDigest.entry_id) == entry_id)
    )
    return ctx.session.scalars(statement).one_or_none()


def path_of(ctx: Context, found: ActivityEntry) -> str:
    """The page of what an entry is about, as far as the reader may open it; empty for none."""
    if found.subject_id is None:
        return ""
    fixed = {
        "core_user": ("core.user.view", f"/users/{found.subject_id}"),
        "core_job": ("core.job.view", f"/jobs/{found.subject}"),
        "core_email": ("core.email.view", f"/emails/{found.subject}"),
        "core_sms": ("core.sms.view", f"/text-messages/{found.subject}"),
    }.get(found.subject_kind)
    if fixed is not None:
        return fixed[1] if found.subject and ctx.actor.may(fixed[0]) else ""
    kinds = (found.subject_kind, found.subject_kind.partition("_")[2])
    statement = ctx.visible(SearchDocument).where(
        col(SearchDocument.kind).in_(kinds), col(SearchDocument.entity_id) == found.subject_id
    )
    document = ctx.session.scalars(statement.limit(1)).one_or_none()
    return document.path if document is not None and ctx.actor.may(document.permission) else ""


def customer_of(ctx: Context, found: ActivityEntry) -> Customer | None:
    """The customer whom an entry is about, if the reader may see them."""
    if found.customer_id is None or not ctx.actor.may("core.customer.view"):
        return None
    return ctx.session.scalars(
        ctx.visible(Customer).where(col(Customer.id) == found.customer_id)
    ).one_or_none()


@dataclass(frozen=True)
class SealedState:
    """How much of the log is sealed, and what its last verification found."""

    head: Head | None
    sealed_at: Any
    seals: int
    waiting: int
    check: ActivityCheck | None
    newest: Sequence[RowMapping]
    removed: Sequence[RowMapping]


def sealed_state(ctx: Context) -> SealedState:
    """The sealed state of the whole log."""
    seals, segments = ActivitySeal.__table__, ActivitySegment.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
    newest = ctx.session.execute(select(seals).order_by(seals.c.number.desc()).limit(_SHOWN)).mappings().all()
    removed = (
        ctx.session.execute(select(segments).order_by(segments.c.id.desc()).limit(_SHOWN)).mappings().all()
    )
    reached = newest[0]["reached_id"] if newest else 0
    waiting = ctx.session.scalar(
        select(func.count()).select_from(
            select(_ENTRY.id).where(_ENTRY.id > reached).limit(10_001).subquery()
        )
    )
    return SealedState(
        head=Head(newest[0]["number"], newest[0]["chain"]) if newest else None,
        sealed_at=newest[0]["at"] if newest else None,
        seals=newest[0]["number"] if newest else 0,
        waiting=waiting or 0,
        check=ctx.session.scalars(
            select(ActivityCheck).order_by(col(ActivityCheck.id).desc()).limit(1)
        ).one_or_none(),
        newest=newest,
        removed=removed,
    )
