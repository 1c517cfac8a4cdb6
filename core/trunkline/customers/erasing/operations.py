"""Erasing a person: everything in one transaction, without a way back."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, update
from sqlmodel import col, select

from trunkline.activity.erasing import may_rewrite
from trunkline.approvals.second_person import Matter, SecondPerson
from trunkline.customers.erasing import parts
from trunkline.customers.erasing.events import CustomerErased
from trunkline.customers.erasing.models import CustomerErasure
from trunkline.customers.erasing.own_rows import ERASE
from trunkline.customers.erasing.parts import Erased, ErasedOtherwise, Fate, Person
from trunkline.customers.erasing.people import person_of
from trunkline.customers.erasing.queries import hindrances, kept_until
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.erasing.stones import stone_of
from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import format_date
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.settings.core import CoreSettings

#: So long the daily look comes back for what was still under way, as an event that a webhook had not taken yet.
_LOOK_AGAIN = timedelta(days=30)
_RECORD = CustomerErasure.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


def _matter(ctx: Context, number: str, command: EraseCustomer) -> Matter | None:
    if not ctx.settings(CoreSettings).erasure_second_person:
        return None
    customer = _locked(ctx, number)
    person_to_erase(ctx, customer, command)
    return Matter(
        _("Erase the personal data of customer {number}", number=customer.number),
        ((_("Afterwards"), _("Nobody can undo it.")),),
        customer_id=customer.key,
        path=f"/customers/{customer.number}/erase",
    )


@operation(ERASE, approval=SecondPerson(_("Erase a customer’s personal data"), _matter))
def erase(ctx: Context, number: str, command: EraseCustomer) -> None:
    """Delete a customer's personal data; what the law keeps stays under a pseudonym until its retention is over.

    Raises NotFound; Refused (field `confirm`) when another number was typed, for one who was erased before, and for each
    reason that stands in the way; and what a plugin's `before_customer_erased` refuses.
    """
    customer = _locked(ctx, number)
    person = person_to_erase(ctx, customer, command)
    declared = [part for _plugin, part in parts.declared(ctx)]
    until = kept_until(ctx, person, declared)
    ctx.emit(
        CustomerErased(
            entity_id=person.customer_id,
            customer_id=person.customer_id,
            number=person.number,
            kept_until=until,
        )
    )
    ctx.session.flush()
    counts = _act(ctx, person, [part for part in declared if part.fate != Fate.KEPT])
    for key, of in zip(person.customer_ids, person.numbers, strict=True):
        ctx.session.execute(
            insert(_RECORD).values(
                customer_id=key,
                number=of,
                at=ctx.now(),
                erased_by=ctx.actor.name,
                counts=counts if key == person.customer_id else {},
                kept_until=until,
            )
        )
    ctx.session.expire_all()
    told = {} if until is None else {"kept_until": until}
    ctx.note(customer, label=person.number, rows=counts, **told)


def person_to_erase(ctx: Context, customer: Customer, command: EraseCustomer) -> Person:
    """Who is erased, when nothing stands in the way. Raises Refused."""
    if command.confirm != customer.number:
        raise Refused(
            _("This is not the number of the customer."),
            field="confirm",
            remedy=_("Type {number}.", number=customer.number),
        )
    stone = stone_of(ctx, customer)
    if stone is not None:
        raise Refused(
            _("{number} was erased on {day}.", number=customer.number, day=format_date(stone.at)),
            field="confirm",
        )
    person = person_of(ctx, customer)
    found = hindrances(ctx, person)
    if found:
        raise Refused(
            " ".join(one.reason for one in found),
            field="confirm",
            remedy=" ".join(dict.fromkeys(one.remedy for one in found)),
        )
    return person


def _locked(ctx: Context, number: str) -> Customer:
    """The customer; for one who was merged, the one they went into."""
    customer = ctx.load_by(Customer, Customer.number, number, lock=True)
    if customer.merged_into_id is None:
        return customer
    return ctx.load(Customer, customer.merged_into_id, lock=True)


def _act(ctx: Context, person: Person, chosen: Sequence[Erased]) -> dict[str, int]:
    """Do what each part says; returns how many rows by table."""
    counts: dict[str, int] = {}
    for part in chosen:
        done = part.act(ctx, person)
        name = part.name if isinstance(part, ErasedOtherwise) else part.table.name
        if done:
            counts[name] = counts.get(name, 0) + done
    return counts


def look_again(ctx: Context) -> None:
    """For the scheduler: erase what came or ended since an erasure, and what was kept once its retention is over.

    Where this process may not delete from the log, nothing: the tables' owner does it by `trunkline customer finish`.
    """
    if not may_rewrite(ctx):
        return
    declared = [part for _plugin, part in parts.declared(ctx)]
    lately = select(CustomerErasure.customer_id).where(col(CustomerErasure.at) > ctx.now() - _LOOK_AGAIN)
    for key in ctx.session.scalars(lately.order_by(col(CustomerErasure.id))).all():
        customer = ctx.load(Customer, key)
        if customer.merged_into_id is None:
            _act(ctx, person_of(ctx, customer), [part for part in declared if part.fate != Fate.KEPT])
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    over = select(CustomerErasure.customer_id).where(
        col(CustomerErasure.kept_until) < today, col(CustomerErasure.finished_at).is_(None)
    )
    for key in ctx.session.scalars(over.order_by(col(CustomerErasure.id))).all():
        customer = ctx.load(Customer, key)
        if customer.merged_into_id is None:
            _finish(ctx, person_of(ctx, customer), [part for part in declared if part.fate == Fate.KEPT])


@operation(ERASE)
def _finish(ctx: Context, person: Person, kept: Sequence[Erased]) -> None:
    """The rest, after the retention."""
    counts = _act(ctx, person, kept)
    ctx.session.execute(
        update(_RECORD).where(_RECORD.c.customer_id.in_(person.customer_ids)).values(finished_at=ctx.now())
    )
    ctx.session.expire_all()
    ctx.note(ctx.load(Customer, person.customer_id), label=person.number, rows=counts, retention_over=True)
