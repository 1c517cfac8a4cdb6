"""Comparing every customer with every other, at night: by what they share, never pair by pair."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlmodel import col

from trunkline.customers.merging.candidates import CNPJ, REASONS, ROOT, SCORES
from trunkline.customers.merging.models import CustomerDuplicate
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus
from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind

STEP = "core.compare_customers"
#: More who share one address or number share it for a reason: an accountant's office, a family.
_LARGEST = 6
_GROUPS = 2000
_C = Customer.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it

#: By pair, the older first: what the two share.
Shared = Mapping[tuple[int, int], Sequence[str]]


def start(ctx: Context) -> None:
    """Queue the day's comparison."""
    enqueue(
        ctx,
        kind=STEP,
        title=str(_("Look for customers who are registered twice")),
        steps=[PlannedStep(STEP)],
        key=f"{STEP}:{ctx.now().date().isoformat()}",
        priority=9,
    )


def _compare(step: StepContext) -> dict[str, Any]:
    # Reading takes seconds with a million customers, during which nobody must wait for the right to write.
    with step.app.reading() as ctx:
        found = look(ctx)
    with step.unit_of_work() as ctx:
        keep(ctx, found)
    return {"pairs": len(found)}


COMPARE = StepKind(STEP, _("Compare customers"), _compare, irreversible=True, timeout=timedelta(minutes=30))


def look(ctx: Context) -> Shared:
    """Who shares what with whom."""
    found: dict[tuple[int, int], list[str]] = {}
    for reason, condition, columns in _ways():
        for group in _groups(ctx, condition, columns):
            for other in group[1:]:
                found.setdefault((group[0], other), []).append(reason)
    return found


def keep(ctx: Context, found: Shared) -> None:
    """Keep what was found in place of what was found before. What somebody judged stays judged."""
    table = CustomerDuplicate
    names = (table.id, table.first_id, table.second_id, table.reasons, table.dismissed_at)
    rows = ctx.session.execute(select(*(col(name) for name in names)))
    known = {(row.first_id, row.second_id): row for row in rows}
    fresh = [
        {"first_id": first, "second_id": second, **_told(reasons), "found_at": ctx.now(), "dismissed_by": ""}
        for (first, second), reasons in found.items()
        if (first, second) not in known
    ]
    if fresh:
        ctx.session.execute(insert(table), fresh)
    for pair, row in known.items():
        if pair in found:
            told = _told(found[pair])
            if told["reasons"] != row.reasons:
                ctx.session.execute(update(table).where(col(table.id) == row.id).values(**told))
        elif row.dismissed_at is None:
            ctx.session.execute(delete(table).where(col(table.id) == row.id))


def _told(reasons: Sequence[str]) -> dict[str, Any]:
    in_order = [reason for reason in REASONS if reason in reasons]
    return {"reasons": " ".join(in_order), "score": sum(SCORES[reason] for reason in in_order)}


def _ways() -> Iterator[tuple[str, ColumnElement[bool], list[ColumnElement[Any]]]]:
    """(reason, which customers, grouped by what). Namesakes count where they are businesses, or people of one birthday."""
    business = _C.kind == CustomerKind.BUSINESS
    cnpj = and_(_C.country == "BR", func.length(_C.tax_id) == CNPJ)
    yield "tax_id", cnpj, [func.substr(_C.tax_id, 1, ROOT)]
    yield "tax_id", and_(_C.tax_id != "", ~cnpj), [_C.tax_id]
    yield "email", _C.email != "", [_C.email]
    yield "phone", _C.phone != "", [_C.phone]
    yield "name", or_(business, _C.birth_date.is_not(None)), [func.lower(_C.name), _C.birth_date]


def _groups(
    ctx: Context, condition: ColumnElement[bool], columns: Sequence[ColumnElement[Any]]
) -> list[list[int]]:
    """The keys of customers who are alike in these columns and of one reseller, the oldest first."""
    living = and_(_C.status != CustomerStatus.ARCHIVED, condition)
    alike = [*columns, _C.reseller_id]
    several = (
        select(columns[0])
        .where(living)
        .group_by(*alike)
        .having(func.count().between(2, _LARGEST))
        .limit(_GROUPS)
    )
    shared = list(ctx.session.scalars(several))
    if not shared:
        return []
    # One walk over the customers for all groups together.
    rows = ctx.session.execute(select(_C.id, *alike).where(living, columns[0].in_(shared)).order_by(_C.id))
    groups: dict[tuple[Any, ...], list[int]] = {}
    for key, *values in rows:
        groups.setdefault(tuple(values), []).append(key)
    return [group for group in groups.values() if 2 <= len(group) <= _LARGEST]
