"""What changes customers."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from trunkline.customers import identity, queries
from trunkline.customers.alike import require_unlike
from trunkline.customers.archived import refuse_archived, refuse_erased
from trunkline.customers.assignment import assign, register_by_actor
from trunkline.customers.belongings import (
    add_contact,
    add_site,
    add_tag,
    remove_attribute,
    remove_contact,
    remove_site,
    remove_tag,
    set_attribute,
    site_values,
    update_attribute,
    update_contact,
    update_site,
    update_tag,
)
from trunkline.customers.events import CustomerChanged, CustomerRegistered, CustomerStatusChanged
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus, CustomerTag, Site
from trunkline.customers.schemas import RegisterCustomer, SetStatus, SiteData, UpdateCustomer
from trunkline.db.numbers import claim_number, next_number
from trunkline.errors import Faults, Refused
from trunkline.geocoding.operations import address_changed
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.operation import Context, operation
from trunkline.search.marking import mark, mark_customer
from trunkline.versions import require_version
from trunkline.web.tones import state_within

__all__ = [
    "add_contact",
    "add_site",
    "add_tag",
    "archive",
    "assign",
    "register",
    "remove_attribute",
    "remove_contact",
    "remove_site",
    "remove_tag",
    "restore",
    "set_attribute",
    "set_status",
    "update",
    "update_attribute",
    "update_contact",
    "update_site",
    "update_tag",
]

#: What may follow what. Archiving and restoring are operations of their own.
TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    CustomerStatus.PENDING: (CustomerStatus.ACTIVE, CustomerStatus.CLOSED),
    CustomerStatus.ACTIVE: (CustomerStatus.SUSPENDED, CustomerStatus.CLOSED),
    CustomerStatus.SUSPENDED: (CustomerStatus.ACTIVE, CustomerStatus.CLOSED),
    CustomerStatus.CLOSED: (CustomerStatus.ACTIVE,),
    CustomerStatus.ARCHIVED: (),
}
_ONLY_BUSINESS = ("legal_name", "state_registration", "website")
_ONLY_INDIVIDUAL = ("birth_date", "identity_document")


@operation("core.customer.create")
def register(
    ctx: Context, command: RegisterCustomer, *, number: str = "", despite: Collection[str] | None = None
) -> Customer:
    """Register a customer, under a `number` that came from elsewhere if one is given.

    With `despite`, the numbers of customers who are known to be others, somebody who may be registered already is refused;
    without, as in an import of customers who were told apart elsewhere, only the tax id tells.
    Raises Refused naming the field, and for a tax id that is taken the customer who has it; Conflict (field `despite`) naming
    those who may be the same.
    """
    customer = Customer(
        number="",
        kind=command.kind,
        status=command.status,
        name=command.name,
        country=command.country or ctx.app.config.country,
        language=command.language,
        notes=command.notes,
        reseller_id=_reseller(ctx, command.reseller_code),
    )
    values = command.model_dump(include={*_ONLY_BUSINESS, *_ONLY_INDIVIDUAL, "tax_id", "email", "phone"})
    faults = Faults()
    postal_code = ""
    _note_faults(ctx, customer, values, faults)
    with faults.noted("address."):
        postal_code = identity.check_postal_code(command.address.postal_code, customer.country)
    faults.refuse()
    if despite is not None:
        require_unlike(ctx, customer, postal_code, despite)
    tag = register_by_actor(ctx, customer)
    if number:
        claim_number(ctx.session, "customer", number, customer.reseller_id)
    customer.number = number or next_number(ctx.session, "customer", customer.reseller_id)
    ctx.session.add(customer)
    _flush(ctx, customer)
    _first_site(ctx, customer, command)
    if tag:
        ctx.session.add(CustomerTag(customer_id=customer.key, text=tag))
    ctx.note(customer)
    mark(ctx, "customer", customer.key)
    ctx.emit(
        CustomerRegistered(
            entity_id=customer.key, customer_id=customer.key, number=customer.number, kind=customer.kind
        )
    )
    return customer


@operation("core.customer.edit")
def update(ctx: Context, number: str, command: UpdateCustomer) -> Customer:
    """Change what `command` names. Raises Conflict showing both values when `version` is old, Refused like `register`.

    Nothing is written and no event leaves when every value is as it was.
    """
    customer = queries.to_change(ctx, number)
    values = command.model_dump(exclude_unset=True, exclude={"version"})
    require_version(customer, command.version, values)
    refuse_archived(ctx, customer)
    for field in ("name", "country"):
        if field in values and not values[field]:
            del values[field]
    before = {field: getattr(customer, field) for field in values}
    if "country" in values:
        values.setdefault("tax_id", customer.tax_id)
    _apply(
        ctx,
        customer,
        {field: value for field, value in values.items() if value is not None or field == "birth_date"},
    )
    changed = tuple(field for field, value in before.items() if getattr(customer, field) != value)
    if changed:
        _flush(ctx, customer)
        ctx.note(customer)
        _tell(ctx, customer, *changed)
    return customer


@operation("core.customer.edit")
def set_status(ctx: Context, number: str, command: SetStatus) -> Customer:
    """Move a customer to another status; a plugin may refuse (`before_customer_status_changed`).

    Raises Refused naming what may follow the present status. The same status again changes nothing.
    """
    customer = queries.to_change(ctx, number)
    require_version(customer, command.version, {"status": command.status})
    if command.status == customer.status:
        return customer
    if command.status not in TRANSITIONS[customer.status]:
        refuse_erased(ctx, customer)
        allowed = ", ".join(state_within(status) for status in TRANSITIONS[customer.status])
        raise Refused(
            _(
                "A customer who is {now} cannot become {wanted}.",
                now=state_within(customer.status),
                wanted=state_within(command.status),
            ),
            field="status",
            remedy=_("From here: {allowed}.", allowed=allowed) if allowed else _("Restore it first."),
        )
    if command.status in (CustomerStatus.SUSPENDED, CustomerStatus.CLOSED) and not command.reason:
        raise Refused(_("Say why."), field="reason", remedy=_("The reason is kept in the activity log."))
    _change_status(ctx, customer, command.status, command.reason)
    return customer


@operation("core.customer.archive")
def archive(ctx: Context, number: str, reason: str = "") -> Customer:
    """Take a closed (or never active) customer out of lists; the tax id becomes free. Raises Refused in any other status."""
    customer = queries.to_change(ctx, number)
    if customer.status == CustomerStatus.ARCHIVED:
        return customer
    if customer.status not in (CustomerStatus.CLOSED, CustomerStatus.PENDING):
        raise Refused(
            _("Only a closed or pending customer can be archived."),
            field="status",
            remedy=_("Close it first."),
        )
    customer.tax_key = None
    _change_status(ctx, customer, CustomerStatus.ARCHIVED, reason)
    return customer


@operation("core.customer.archive")
def restore(ctx: Context, number: str) -> Customer:
    """Bring an archived customer back as closed. Raises Refused when its tax id was taken meanwhile."""
    customer = ctx.load_by(Customer, Customer.number, number, lock=True)
    if customer.status != CustomerStatus.ARCHIVED:
        raise Refused(_("This customer is not archived."), field="status")
    queries.refuse_merged(ctx, customer, _("Undo the merge on the page of that one."))
    refuse_erased(ctx, customer)
    _claim_tax_id(ctx, customer)
    _change_status(ctx, customer, CustomerStatus.CLOSED, "restored")
    return customer


def _change_status(ctx: Context, customer: Customer, status: CustomerStatus, reason: str) -> None:
    before, customer.status = customer.status, status.value
    if status not in (CustomerStatus.CLOSED, CustomerStatus.ARCHIVED):
        customer.closed_at = None
    elif customer.closed_at is None:
        customer.closed_at = ctx.now()
    _flush(ctx, customer)
    ctx.note(customer, **({"reason": reason} if reason else {}))
    mark(ctx, "customer", customer.key)
    ctx.emit(
        CustomerStatusChanged(
            entity_id=customer.key,
            customer_id=customer.key,
            number=customer.number,
            before=before,
            after=status.value,
            reason=reason,
        )
    )


def _apply(ctx: Context, customer: Customer, values: Mapping[str, object]) -> None:
    faults = Faults()
    _note_faults(ctx, customer, values, faults)
    faults.refuse()


def _note_faults(ctx: Context, customer: Customer, values: Mapping[str, object], faults: Faults) -> None:
    """Set values in their normal form, the country first because the others depend on it; note those that cannot be."""
    foreign = _ONLY_INDIVIDUAL if customer.kind == CustomerKind.BUSINESS else _ONLY_BUSINESS
    for field in sorted(values, key=lambda name: name != "country"):
        with faults.noted():
            if field in foreign and values[field]:
                raise Refused(
                    _("This field does not exist for this kind of customer."),
                    field=field,
                    remedy=_("Leave it empty, or choose the other kind."),
                )
            value = _normal(ctx, customer, field, values[field])
            if getattr(customer, field) != value:
                setattr(customer, field, value)
            if field == "tax_id":
                _claim_tax_id(ctx, customer)


def _normal(ctx: Context, customer: Customer, field: str, value: object) -> object:
    if isinstance(value, date) and field == "birth_date":
        return identity.check_birth_date(value, ctx.now().astimezone(ctx.app.config.zone).date())
    if field == "phone":
        return identity.check_phone(str(value), customer.country)
    if field == "email":
        return identity.check_email(str(value))
    if field == "tax_id":
        return identity.check_tax_id(str(value), customer.country, customer.kind)
    return value


def _claim_tax_id(ctx: Context, customer: Customer) -> None:
    key = f"{customer.reseller_id or 0}:{customer.country}:{customer.tax_id}" if customer.tax_id else None
    if key == customer.tax_key:
        return
    with ctx.session.no_autoflush:
        other = queries.by_tax_key(ctx, key) if key else None
    if other is not None and other.number != customer.number:
        raise _taken(ctx, customer, other)
    customer.tax_key = key


def _taken(ctx: Context, customer: Customer, other: Customer) -> Refused:
    label = identity.tax_id_label(customer.country, customer.kind)
    with ctx.session.no_autoflush:
        seen = ctx.session.scalar(ctx.visible(Customer).where(col(Customer.id) == other.id)) is not None
    if not seen:
        return Refused(
            _("{label} {tax_id} is registered already.", label=label, tax_id=customer.tax_id),
            field="tax_id",
            remedy=_("Ask a supervisor to assign that customer to you."),
        )
    return Refused(
        _(
            "{label} {tax_id} belongs to {name} ({number}).",
            label=label,
            tax_id=customer.tax_id,
            name=other.name,
            number=other.number,
        ),
        field="tax_id",
        remedy=_("Open that customer instead, or archive it first."),
    )


def _first_site(ctx: Context, customer: Customer, command: RegisterCustomer) -> None:
    if not command.address.given:
        return
    site = SiteData(
        name=first_site_name(ctx, customer), country=customer.country, **command.address.model_dump()
    )
    row = Site(customer_id=customer.key, **site_values(customer, site))
    ctx.session.add(row)
    ctx.session.flush()
    address_changed(ctx, row)


def first_site_name(ctx: Context, customer: Customer) -> str:
    """What the site of the first address is called, in the language of the customer who reads it in the portal."""
    with use_locale(customer.language or ctx.app.config.language):
        return str(_("Head office") if customer.kind == CustomerKind.BUSINESS else _("Home"))


def _flush(ctx: Context, customer: Customer) -> None:
    """Write; two registrations of one tax id at the same moment meet at the unique constraint."""
    try:
        with ctx.session.begin_nested():
            ctx.session.flush()
    except IntegrityError as error:
        raise Refused(
            _("Somebody registered this tax id a moment ago."), field="tax_id", remedy=_("Search for it.")
        ) from error


def _reseller(ctx: Context, code: str) -> int | None:
    if not code:
        return ctx.actor.scope.reseller_id
    reseller = queries.reseller_by_code(ctx, code)
    if reseller is None:
        raise Refused(_("There is no reseller “{code}”.", code=code), field="reseller_code")
    if not reseller.active:
        raise Refused(
            _("{name} is archived and takes no new customers.", name=reseller.name),
            field="reseller_code",
            remedy=_("Bring the reseller back first."),
        )
    return reseller.key


def move_to_reseller(ctx: Context, customer: Customer, reseller_id: int | None) -> None:
    """Make a customer a reseller's, or nobody's; part of operations.

    Raises Refused for an archived customer, and when there is a customer with the same tax id already.
    """
    refuse_archived(ctx, customer)
    customer.reseller_id = reseller_id
    _claim_tax_id(ctx, customer)
    _tell(ctx, customer, "reseller_id")


def merge_away(customer: Customer, into: Customer) -> None:
    """Make `customer` one that only leads to `into`; part of operations."""
    customer.merged_into_id, customer.parent_id = into.key, None
    customer.tax_key, customer.status = None, CustomerStatus.ARCHIVED.value


def part_again(ctx: Context, customer: Customer, status: str, parent_id: int | None) -> None:
    """Make a merged customer one of its own again; part of operations. Raises Refused when its tax id was taken meanwhile."""
    customer.merged_into_id, customer.parent_id, customer.status = None, parent_id, status
    if status != CustomerStatus.ARCHIVED:
        _claim_tax_id(ctx, customer)


def _tell(ctx: Context, customer: Customer, *fields: str) -> None:
    if {"name", "reseller_id"} & set(fields):
        # Documents of services, invoices and the like name their owner and are shown to its reseller.
        mark_customer(ctx, customer.key)
    else:
        mark(ctx, "customer", customer.key)
    ctx.emit(
        CustomerChanged(
            entity_id=customer.key, customer_id=customer.key, number=customer.number, fields=fields
        )
    )
