"""Making two customers one, taking that back, and saying that two are not one."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, update
from sqlmodel import col

from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.erasing.stones import stone_of
from trunkline.customers.hierarchy import is_above
from trunkline.customers.merging import moving
from trunkline.customers.merging.events import CustomerDuplicateDismissed, CustomerMerged, CustomerMergeUndone
from trunkline.customers.merging.models import CustomerDuplicate, CustomerMerge
from trunkline.customers.merging.queries import differences, merge_by_key
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.schemas import UpdateCustomer
from trunkline.errors import Refused
from trunkline.i18n import format_date
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark_customer
from trunkline.versions import require_version

#: How long a merge can be undone.
UNDO_FOR = timedelta(days=30)
_UNMERGE = "core.customer.unmerge"


@operation("core.customer.merge")
def merge(ctx: Context, number: str, command: MergeCustomers) -> CustomerMerge:
    """Make the customer `command.source` a part of the customer `number`: all that is theirs moves, and their number leads here.

    Raises NotFound for either, Conflict when one was changed since the preview or was merged, and Refused for customers that
    cannot be one: the same, archived, of different resellers, or when a plugin refuses.
    """
    target, source = _both(ctx, number, command.source)
    refuse_if_apart(ctx, target, source)
    require_version(target, command.version, {})
    require_version(source, command.source_version, {})
    ctx.emit(
        CustomerMerged(
            entity_id=target.key,
            customer_id=target.key,
            number=target.number,
            source_id=source.key,
            source_number=source.number,
        )
    )
    taken = {
        item.field: getattr(source, item.field)
        for item in differences(target, source)
        if item.field in command.take
    }
    parents = [target.parent_id, target.parent_id]
    if is_above(ctx, source, target):
        target.parent_id = parents[1] = source.parent_id
    before = {
        "parents": parents,
        "source": {"status": source.status, "parent_id": source.parent_id},
        "target": {name: [_plain(getattr(target, name)), _plain(value)] for name, value in taken.items()},
    }
    mark_customer(ctx, source.key)
    mark_customer(ctx, target.key)
    _leave(ctx, source, target)
    if taken:
        customers.update(ctx, number, UpdateCustomer(**taken))
    done = CustomerMerge(
        customer_id=target.key,
        source_id=source.key,
        number=target.number,
        source_number=source.number,
        source_name=source.name,
        at=ctx.now(),
        merged_by=ctx.actor.name,
        undo_until=ctx.now() + UNDO_FOR,
    )
    ctx.session.add(done)
    ctx.session.flush()
    counts, changed = moving.move(ctx, done.id or 0, source.key, target.key)
    done.counts, done.before = counts, {**before, "rows": changed}
    _forget_pairs(ctx, source.key)
    ctx.session.flush()
    ctx.session.expire_all()
    ctx.note(target, merged=source.number, moved=counts)
    return done


@operation("core.customer.merge")
def _leave(ctx: Context, source: Customer, target: Customer) -> None:
    """The entry of the one that goes."""
    customers.merge_away(source, target)
    ctx.session.flush()
    ctx.note(source, merged_into=target.number)


@operation("core.customer.merge", entry=_UNMERGE)
def undo(ctx: Context, number: str, merge_id: int) -> Customer:
    """Take a merge back: what moved returns, and what was taken over returns where nobody changed it since.

    Returns the customer who is one of their own again. Raises NotFound, and Refused when the time for it is over, when either
    customer was merged again, when the tax id was taken meanwhile, and when something newer binds the two together.
    """
    found = merge_by_key(ctx, number, merge_id)
    _refuse_if_over(ctx, found)
    target, source = _by_keys(ctx, found.customer_id, found.source_id)
    if source.merged_into_id != target.key or target.status == CustomerStatus.ARCHIVED:
        raise Refused(
            _("{number} was merged or archived since.", number=target.number),
            remedy=_("Undo that first: the newest comes first."),
        )
    ctx.emit(
        CustomerMergeUndone(
            entity_id=target.key,
            customer_id=target.key,
            number=target.number,
            source_id=source.key,
            source_number=source.number,
        )
    )
    mark_customer(ctx, target.key)
    mark_customer(ctx, source.key)
    moving.bring_back(ctx, found)
    ctx.session.expire_all()
    given_back = {
        name: had
        for name, (had, got) in found.before.get("target", {}).items()
        if _plain(getattr(target, name)) == got
    }
    if given_back:
        customers.update(ctx, target.number, UpdateCustomer.model_validate(given_back))
    had_parent, got_parent = found.before["parents"]
    if target.parent_id == got_parent:
        target.parent_id = had_parent
    _return(ctx, source, found)
    found.undone_at, found.undone_by = ctx.now(), ctx.actor.name
    ctx.note(target, parted=source.number)
    return source


@operation("core.customer.merge", entry=_UNMERGE)
def _return(ctx: Context, source: Customer, found: CustomerMerge) -> None:
    """The entry of the one that comes back."""
    was = found.before["source"]
    customers.part_again(ctx, source, was["status"], was["parent_id"])
    ctx.session.flush()
    ctx.note(source, parted_from=found.number)


@operation("core.customer.merge", entry="core.customer.tell_apart")
def dismiss(ctx: Context, number: str, other: str) -> None:
    """Say that two customers are not one, so that they are not offered again. Raises NotFound, and Refused for one twice."""
    target, source = _both(ctx, number, other)
    if target.key == source.key:
        raise Refused(_("A customer is always the same as itself."), field="other")
    first, second = sorted((target.key, source.key))
    values = {"dismissed_at": ctx.now(), "dismissed_by": ctx.actor.name}
    pair = col(CustomerDuplicate.first_id) == first, col(CustomerDuplicate.second_id) == second
    done: Any = ctx.session.execute(update(CustomerDuplicate).where(*pair).values(**values))
    if not done.rowcount:
        made = {"first_id": first, "second_id": second, "reasons": "", "score": 0, "found_at": ctx.now()}
        ctx.session.execute(insert(CustomerDuplicate).values(**made, **values))
    ctx.note(target, not_the_same_as=source.number)
    ctx.emit(
        CustomerDuplicateDismissed(
            entity_id=target.key,
            customer_id=target.key,
            number=target.number,
            other_id=source.key,
            other_number=source.number,
        )
    )


def _both(ctx: Context, number: str, other: str) -> tuple[Customer, Customer]:
    """Both customers, locked in the order of their keys, so that two who merge them crosswise wait for each other."""
    keys = [queries.itself(ctx, one).key for one in (number, other)]
    both = _by_keys(ctx, *keys)
    for customer in both:
        queries.refuse_merged(ctx, customer)
    return both


def _by_keys(ctx: Context, target: int, source: int) -> tuple[Customer, Customer]:
    locked = {key: ctx.load(Customer, key, lock=True) for key in sorted({target, source})}
    return locked[target], locked[source]


def refuse_if_apart(ctx: Context, target: Customer, source: Customer) -> None:
    """Raises Refused, with the field `source`, for two who cannot become one."""
    if target.key == source.key:
        raise Refused(_("A customer cannot be merged into itself."), field="source")
    for customer in (target, source):
        stone = stone_of(ctx, customer)
        if stone is not None:
            raise Refused(
                _("{number} was erased on {day}.", number=customer.number, day=format_date(stone.at)),
                field="source",
            )
        if customer.status == CustomerStatus.ARCHIVED:
            raise Refused(
                _("{name} ({number}) is archived.", name=customer.name, number=customer.number),
                field="source",
                remedy=_("Restore it first."),
            )
    if target.reseller_id != source.reseller_id:
        raise Refused(
            _("They are customers of different resellers."),
            field="source",
            remedy=_("Give both to one reseller first."),
        )


def _refuse_if_over(ctx: Context, found: CustomerMerge) -> None:
    if found.undone_at is not None:
        raise Refused(_("This merge was undone already, by {name}.", name=found.undone_by))
    if ctx.now() > found.undo_until:
        raise Refused(
            _(
                "A merge can be undone for {days} days; this one until {day}.",
                days=UNDO_FOR.days,
                day=format_date(found.undo_until),
            ),
            remedy=_("Register the other customer anew."),
        )


def _forget_pairs(ctx: Context, key: int) -> None:
    pairs = CustomerDuplicate
    ctx.session.execute(delete(pairs).where(or_(col(pairs.first_id) == key, col(pairs.second_id) == key)))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)
