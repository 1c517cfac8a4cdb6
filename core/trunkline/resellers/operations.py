"""What changes resellers, and which customers are theirs."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.models import Customer, Reseller
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.resellers.events import (
    ResellerArchived,
    ResellerChanged,
    ResellerCreated,
    ResellerRestored,
)
from trunkline.resellers.schemas import CreateReseller, EditReseller


@operation("core.reseller.create")
def create(ctx: Context, command: CreateReseller) -> Reseller:
    """Add a reseller. Raises Conflict (field `code`) when the code is taken, Forbidden for who sees only some customers."""
    _sees_everything(ctx)
    if ctx.session.scalar(select(col(Reseller.id)).where(col(Reseller.code) == command.code)) is not None:
        raise Conflict(
            _("Another reseller has the code {code}.", code=command.code),
            field="code",
            remedy=_("Choose another code."),
        )
    reseller = Reseller(code=command.code, name=command.name)
    ctx.session.add(reseller)
    ctx.session.flush()
    ctx.note(reseller, label=reseller.name)
    ctx.emit(ResellerCreated(entity_id=reseller.key, code=reseller.code))
    return reseller


@operation("core.reseller.edit")
def edit(ctx: Context, reseller_id: int, command: EditReseller) -> Reseller:
    """Rename a reseller. Raises NotFound, and Conflict when it was changed since."""
    reseller = _one(ctx, reseller_id, command.version)
    reseller.name = command.name
    ctx.note(reseller, label=reseller.name)
    ctx.emit(ResellerChanged(entity_id=reseller.key, code=reseller.code))
    return reseller


@operation("core.reseller.archive")
def archive(ctx: Context, reseller_id: int) -> Reseller:
    """Take on no more customers for a reseller. Those it has stay its own, and its people go on seeing them."""
    return _set_active(ctx, reseller_id, False)


@operation("core.reseller.archive")
def restore(ctx: Context, reseller_id: int) -> Reseller:
    """Let a reseller have new customers again."""
    return _set_active(ctx, reseller_id, True)


@operation("core.reseller.assign")
def give_customer(ctx: Context, reseller_id: int, number: str) -> Customer:
    """Make a customer the reseller's, from now on.

    Raises NotFound for either, Refused for an archived reseller, an archived customer, and when the reseller has a customer with
    the same tax id.
    """
    reseller = _one(ctx, reseller_id)
    if not reseller.active:
        raise Refused(
            _("{name} is archived and takes no new customers.", name=reseller.name),
            remedy=_("Bring the reseller back first."),
        )
    customer = queries.to_change(ctx, number)
    customers.move_to_reseller(ctx, customer, reseller.key)
    ctx.note(customer, reseller=reseller.code)
    return customer


@operation("core.reseller.assign")
def take_customer_back(ctx: Context, reseller_id: int, number: str) -> Customer:
    """Make a reseller's customer the operator's own again.

    Raises NotFound for either, Refused for a customer who is not the reseller's (field `number`), and when the operator has a
    customer with the same tax id.
    """
    reseller = _one(ctx, reseller_id)
    customer = queries.to_change(ctx, number)
    if customer.reseller_id != reseller.key:
        raise Refused(
            _("{customer} is no customer of {name}.", customer=customer.name, name=reseller.name),
            field="number",
        )
    customers.move_to_reseller(ctx, customer, None)
    ctx.note(customer, reseller="")
    return customer


def _set_active(ctx: Context, reseller_id: int, active: bool) -> Reseller:
    reseller = _one(ctx, reseller_id)
    reseller.active = active
    ctx.note(reseller, label=reseller.name)
    told = ResellerRestored if active else ResellerArchived
    ctx.emit(told(entity_id=reseller.key, code=reseller.code))
    return reseller


def _one(ctx: Context, reseller_id: int, version: int | None = None) -> Reseller:
    _sees_everything(ctx)
    return ctx.load(Reseller, reseller_id, version=version, lock=True)


def _sees_everything(ctx: Context) -> None:
    """Who belongs to whom is for those to say who see everybody."""
    if ctx.actor.scope.is_limited:
        raise Forbidden(
            _("You see only some customers, so you cannot say whose they are."),
            remedy=_("Ask an administrator."),
        )
