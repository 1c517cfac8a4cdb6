"""Reading what a merge would do, what was merged, and who may be the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.customers import queries as customers
from trunkline.customers.facts import CUSTOMER, Fact
from trunkline.customers.identity import tax_id_label
from trunkline.customers.merging import moving
from trunkline.customers.merging.models import CustomerDuplicate, CustomerMerge
from trunkline.customers.merging.schemas import FIELDS, MergeDifference, MergePreview, Moving
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import EditBusiness, EditIndividual
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context

#: The two of a pair. The same each time: other aliases would make it another list.
_FIRST, _SECOND = aliased(Customer), aliased(Customer)


def differences(target: Customer, source: Customer) -> list[MergeDifference]:
    """The fields in which the two differ and that the one that stays has, in the order of the form."""
    schema = EditBusiness if target.kind == CustomerKind.BUSINESS else EditIndividual
    found = []
    for name in FIELDS:
        info = schema.model_fields.get(name)
        mine, theirs = getattr(target, name), getattr(source, name)
        if info is None or mine == theirs or theirs in (None, ""):
            continue
        if name == "tax_id" and (target.country, target.kind) != (source.country, source.kind):
            # A number that is valid for the other may be none for this one.
            continue
        label = tax_id_label(target.country, target.kind) if name == "tax_id" else info.title
        found.append(
            MergeDifference.model_validate(
                {
                    "field": name,
                    "label": str(label),
                    "value": str(mine or ""),
                    "source_value": str(theirs),
                    "suggested": mine in (None, ""),
                }
            )
        )
    return found


def preview(ctx: Context, number: str, source_number: str) -> MergePreview:
    """What merging the second customer into the first would do. Raises NotFound for either, Refused where they cannot be one."""
    from trunkline.customers.merging.operations import UNDO_FOR, refuse_if_apart

    target, source = customers.itself(ctx, number), customers.itself(ctx, source_number)
    for one in (target, source):
        customers.refuse_merged(ctx, one)
    refuse_if_apart(ctx, target, source)
    return MergePreview(
        number=target.number,
        name=target.name,
        version=target.version,
        source=source.number,
        source_name=source.name,
        source_version=source.version,
        differences=differences(target, source),
        moving=[
            Moving(what=what, moves=moves, stays=stays)
            for what, moves, stays in moving.counted(ctx, source.key, target.key)
        ],
        undo_days=UNDO_FOR.days,
    )


def merges_of(ctx: Context, customer: Customer) -> Sequence[CustomerMerge]:
    """Merges into this customer, newest first."""
    return ctx.session.scalars(
        select(CustomerMerge)
        .where(col(CustomerMerge.customer_id) == customer.key)
        .order_by(col(CustomerMerge.id).desc())
    ).all()


def merge_by_key(ctx: Context, number: str, merge_id: int) -> CustomerMerge:
    """A merge into the visible customer with this number. Raises NotFound."""
    customer = ctx.load_by(Customer, Customer.number, number)
    found = ctx.session.get(CustomerMerge, merge_id)
    if found is None or found.customer_id != customer.key:
        raise NotFound(_("There is no such merge."))
    return found


_PAIR = columns(CustomerDuplicate)
_MERGE = columns(CustomerMerge)
#: What the alert on a customer's page asks, at each opening.
_HAS_OPEN_PAIR: Fact[bool] = Fact(
    select(
        exists().where(
            (_PAIR.first_id == CUSTOMER) | (_PAIR.second_id == CUSTOMER), _PAIR.dismissed_at.is_(None)
        )
    )
)
_UNDO_UNTIL: Fact[datetime | None] = Fact(
    select(func.max(_MERGE.undo_until)).where(_MERGE.customer_id == CUSTOMER, _MERGE.undone_at.is_(None))
)
_LAST_MERGE = Prepared(
    select(_MERGE.id, _MERGE.source_number, _MERGE.source_name, _MERGE.at, _MERGE.undo_until)
    .where(
        _MERGE.customer_id == bindparam("key"),
        _MERGE.undone_at.is_(None),
        _MERGE.undo_until > bindparam("now"),
    )
    .order_by(_MERGE.id.desc())
    .limit(1)
)


def may_be_double(ctx: Context, key: int) -> bool:
    """Whether the nightly look found somebody who may be this customer."""
    return _HAS_OPEN_PAIR.of(ctx, key)


def last_merge_to_undo(ctx: Context, key: int) -> Found | None:
    """The newest merge into this customer that can still be undone."""
    until, now = _UNDO_UNTIL.of(ctx, key), ctx.now()
    if until is None or until <= now:
        return None
    return _LAST_MERGE.first(ctx, key=key, now=now)


def dismissed_with(ctx: Context, key: int) -> frozenset[int]:
    """The customers whom somebody judged not to be this one."""
    pairs = CustomerDuplicate
    rows = ctx.session.execute(
        select(col(pairs.first_id), col(pairs.second_id)).where(
            (col(pairs.first_id) == key) | (col(pairs.second_id) == key), col(pairs.dismissed_at).is_not(None)
        )
    )
    return frozenset(first if second == key else second for first, second in rows)


def list_duplicates(ctx: Context) -> Select[*tuple[Any, ...]]:
    """The pairs that nobody has judged, both of them visible, as the list shows them."""
    first, second, pairs = _FIRST, _SECOND, CustomerDuplicate
    statement: Select[*tuple[Any, ...]] = (
        select(
            col(pairs.id).label("id"),
            col(pairs.score).label("score"),
            col(pairs.reasons).label("reasons"),
            col(pairs.found_at).label("found_at"),
            col(first.number).label("number"),
            col(first.name).label("name"),
            col(second.number).label("other_number"),
            col(second.name).label("other_name"),
        )
        # No customer is ever deleted: joined from outside they need not be looked up to count the pairs.
        .outerjoin(first, col(first.id) == col(pairs.first_id))
        .outerjoin(second, col(second.id) == col(pairs.second_id))
        .where(col(pairs.dismissed_at).is_(None))
    )
    if ctx.actor.scope.is_limited:
        seen = select(col(Customer.id)).where(*ctx.visible_conditions(Customer))
        statement = statement.where(col(pairs.first_id).in_(seen), col(pairs.second_id).in_(seen))
    return statement
