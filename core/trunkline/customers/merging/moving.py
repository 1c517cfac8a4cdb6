"""Moving rows from one customer to another, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, literal, or_, select, update

from trunkline.customers.merging.models import CustomerMerge, CustomerMergeRow
from trunkline.customers.merging.rows import CustomerRows, DeclaredRows
from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_RECORD = CustomerMergeRow.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


def parts(ctx: Context) -> tuple[CustomerRows, ...]:
    """Every table with rows of customers, those that follow others last."""
    return tuple(ctx.app.part(DeclaredRows).all)


def counted(ctx: Context, source: int, target: int) -> list[tuple[str, int, int]]:
    """(what, how many move, how many stay) of what the customer `source` has, for the preview."""
    found = []
    for part, count in _counts(ctx, source):
        staying = set(part.stays(ctx, source, target)) if part.stays else set()
        # The customer who takes the other in may be a branch of theirs, and has no like of it.
        alike = staying - {target} if part.model is Customer else staying
        if alike or count > len(staying):
            found.append((str(part.label), count - len(staying), len(alike)))
    return found


def held(ctx: Context, customer_id: int) -> list[tuple[str, int]]:
    """(what, how many) of all that a customer has."""
    return [(str(part.label), count) for part, count in _counts(ctx, customer_id)]


def _counts(ctx: Context, customer_id: int) -> list[tuple[CustomerRows, int]]:
    found = []
    for part in parts(ctx):
        if part.label:
            rows = select(func.count()).select_from(part.table).where(part.owner == customer_id)
            if count := ctx.session.scalar(rows):
                found.append((part, count))
    return found


def move(ctx: Context, merge_id: int, source: int, target: int) -> tuple[dict[str, int], dict[str, Any]]:
    """Move every row; returns how many of each kind, and what was changed in them besides, by part and key."""
    counts: dict[str, int] = {}
    changed: dict[str, Any] = {}
    for part in parts(ctx):
        if part.follows is None:
            settled = part.settle(ctx, source, target) if part.settle else {}
            if settled:
                changed[part.name] = _settle(ctx, part, settled)
            _note_keys(ctx, part, merge_id, source, target)
        going = and_(part.owner == source, went(part, merge_id))
        done: Any = ctx.session.execute(update(part.table).where(going).values({part.column: target}))
        if part.label and done.rowcount:
            counts[str(part.label)] = counts.get(str(part.label), 0) + done.rowcount
    return counts, changed


def bring_back(ctx: Context, merge: CustomerMerge) -> None:
    """Move the rows of a merge back. Raises Refused when something newer holds one of them."""
    _refuse_what_is_newer(ctx, merge)
    # What follows goes first: its condition reads the record of its owners, not where they are.
    for part in reversed(parts(ctx)):
        coming = and_(part.owner == merge.customer_id, went(part, merge.id or 0))
        ctx.session.execute(update(part.table).where(coming).values({part.column: merge.source_id}))
        for key, values in merge.before.get("rows", {}).get(part.name, {}).items():
            ctx.session.execute(update(part.table).where(part.table.c.id == int(key)).values(values))


def went(part: CustomerRows, merge_id: int, table: Any = None) -> ColumnElement[bool]:
    """The rows of a table (perhaps under another name) that a merge moved."""
    columns = (part.table if table is None else table).c
    if part.follows is None:
        column, name = columns.id, part.name
    else:
        column, name = columns[part.follows[0]], CustomerRows(part.follows[1], "").name
    keys = select(_RECORD.c.row_id).where(_RECORD.c.merge_id == merge_id, _RECORD.c.part == name)
    condition: ColumnElement[bool] = column.in_(keys)
    return condition


def _settle(
    ctx: Context, part: CustomerRows, wanted: Mapping[int, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    before = {}
    for key, values in wanted.items():
        row = part.table.c.id == key
        had = ctx.session.execute(select(*(part.table.c[name] for name in values)).where(row)).one()
        before[str(key)] = dict(had._mapping)
        ctx.session.execute(update(part.table).where(row).values(dict(values)))
    return before


def _note_keys(ctx: Context, part: CustomerRows, merge_id: int, source: int, target: int) -> None:
    stays = part.stays(ctx, source, target) if part.stays else ()
    keys = select(literal(merge_id), literal(part.name), part.table.c.id).where(part.owner == source)
    if stays:
        keys = keys.where(part.table.c.id.not_in(stays))
    ctx.session.execute(insert(_RECORD).from_select(["merge_id", "part", "row_id"], keys))


def _refuse_what_is_newer(ctx: Context, merge: CustomerMerge) -> None:
    """Before the merge no row of one customer referred to one of the other; what does now came after it."""
    by_table = {part.table.name: part for part in parts(ctx) if part.column == "customer_id"}
    for part in parts(ctx):
        for element in part.table.foreign_keys:
            other = by_table.get(element.column.table.name)
            if other is None or element.column.name != "id":
                continue
            held = _torn(ctx, merge, part, element.parent, other)
            if held:
                raise Refused(
                    _(
                        "Since the merge, {count} of “{what}” came to use “{other}” of the other customer.",
                        count=held,
                        what=_called(part),
                        other=_called(other),
                    ),
                    remedy=_("Part them first, or keep the customers as one."),
                )


def _torn(ctx: Context, merge: CustomerMerge, part: CustomerRows, refers: Any, other: CustomerRows) -> int:
    """How many rows refer to a row that would end up with the other customer."""
    key = merge.id or 0
    there = other.table.alias("there") if other.table is part.table else other.table
    owner, goes = there.c[other.column], went(other, key, there)
    statement = (
        select(func.count())
        .select_from(part.table.join(there, refers == there.c.id))
        .where(
            part.owner == merge.customer_id,
            owner == merge.customer_id,
            or_(and_(went(part, key), ~goes), and_(~went(part, key), goes)),
        )
    )
    return ctx.session.scalar(statement) or 0


def _called(part: CustomerRows) -> str:
    return str(part.label) or part.table.name.partition("_")[2].replace("_", " ")
