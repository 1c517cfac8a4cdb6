"""What changes the contacts, sites, tags and attributes of a customer."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from trunkline.customers import identity, queries
from trunkline.customers.archived import refuse_archived
from trunkline.customers.events import CustomerChanged
from trunkline.customers.models import (
    AttributeType,
    Contact,
    Customer,
    CustomerAttribute,
    CustomerTag,
    Site,
)
from trunkline.customers.schemas import AttributeData, ContactData, SiteData, TagData
from trunkline.db.base import Record
from trunkline.errors import Refused
from trunkline.geocoding.models import MANUAL
from trunkline.geocoding.operations import address_changed
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.versions import require_version

R = TypeVar("R", bound=Record)
#: What a new place is looked up for.
_ADDRESS = ("street", "city", "state", "postal_code", "country")


@operation("core.customer.edit")
def add_contact(ctx: Context, number: str, command: ContactData) -> Contact:
    """Add a person. Raises Refused naming the field."""
    customer = _open(ctx, number)
    return _add(
        ctx, customer, "contacts", Contact(customer_id=customer.key, **_contact_values(customer, command))
    )


@operation("core.customer.edit")
def update_contact(ctx: Context, number: str, contact_id: int, command: ContactData) -> Contact:
    """Change a person. Raises Conflict showing both values when `version` is old."""
    customer = _open(ctx, number)
    row = queries.contact(ctx, customer, contact_id)
    return _change(ctx, customer, "contacts", row, _contact_values(customer, command), command.version)


@operation("core.customer.edit")
def remove_contact(ctx: Context, number: str, contact_id: int) -> None:
    """Remove a person nothing refers to. Raises Refused otherwise."""
    customer = _open(ctx, number)
    _remove(ctx, customer, "contacts", queries.contact(ctx, customer, contact_id))


@operation("core.customer.edit")
def add_site(ctx: Context, number: str, command: SiteData) -> Site:
    """Add a place. Raises Refused naming the field."""
    customer = _open(ctx, number)
    site = Site(customer_id=customer.key, **site_values(customer, command))
    _place(ctx, site, address=True, pinned=site.latitude is not None)
    return _add(ctx, customer, "sites", site)


@operation("core.customer.edit")
def update_site(ctx: Context, number: str, site_id: int, command: SiteData) -> Site:
    """Change a place. Raises Conflict showing both values when `version` is old."""
    customer = _open(ctx, number)
    row = queries.site(ctx, customer, site_id)
    values = site_values(customer, command)
    address = any(getattr(row, name) != values[name] for name in _ADDRESS)
    pinned = any(getattr(row, name) != values[name] for name in ("latitude", "longitude"))
    changed = _change(ctx, customer, "sites", row, values, command.version)
    _place(ctx, changed, address=address, pinned=pinned)
    return changed


@operation("core.customer.edit")
def remove_site(ctx: Context, number: str, site_id: int) -> None:
    """Remove a place nothing refers to. Raises Refused otherwise."""
    customer = _open(ctx, number)
    _remove(ctx, customer, "sites", queries.site(ctx, customer, site_id))


@operation("core.customer.edit")
def add_tag(ctx: Context, number: str, command: TagData) -> CustomerTag:
    """Put a tag on a customer. Raises Refused when it has one of that text."""
    customer = _open(ctx, number)
    _check_tag(ctx, customer, command)
    return _add(ctx, customer, "tags", CustomerTag(customer_id=customer.key, **_values(command)))


@operation("core.customer.edit")
def update_tag(ctx: Context, number: str, tag_id: int, command: TagData) -> CustomerTag:
    """Change a tag. Raises Conflict showing both values when `version` is old."""
    customer = _open(ctx, number)
    row = queries.tag(ctx, customer, tag_id)
    _check_tag(ctx, customer, command, but=tag_id)
    return _change(ctx, customer, "tags", row, _values(command), command.version)


@operation("core.customer.edit")
def remove_tag(ctx: Context, number: str, tag_id: int) -> None:
    """Take a tag off."""
    customer = _open(ctx, number)
    _remove(ctx, customer, "tags", queries.tag(ctx, customer, tag_id))


@operation("core.customer.edit")
def set_attribute(ctx: Context, number: str, command: AttributeData) -> CustomerAttribute:
    """Set the attribute of this name, making it when absent. Raises Refused when the value does not fit the type."""
    customer = _open(ctx, number)
    values: dict[str, Any] = {"type": command.type.value, "value": canonical(command.type, command.value)}
    row = ctx.session.scalars(
        select(CustomerAttribute).where(
            col(CustomerAttribute.customer_id) == customer.key, col(CustomerAttribute.name) == command.name
        )
    ).one_or_none()
    if row is None:
        return _add(
            ctx,
            customer,
            "attributes",
            CustomerAttribute(customer_id=customer.key, name=command.name, **values),
        )
    return _change(ctx, customer, "attributes", row, values, command.version)


@operation("core.customer.edit")
def update_attribute(
    ctx: Context, number: str, attribute_id: int, command: AttributeData
) -> CustomerAttribute:
    """Change an attribute, its name included. Raises Refused when another has that name, Conflict when `version` is old."""
    customer = _open(ctx, number)
    row = queries.attribute(ctx, customer, attribute_id)
    taken = select(CustomerAttribute.id).where(
        col(CustomerAttribute.customer_id) == customer.key,
        col(CustomerAttribute.name) == command.name,
        col(CustomerAttribute.id) != attribute_id,
    )
    if ctx.session.scalars(taken).first() is not None:
        raise Refused(_("There is already an attribute “{name}”.", name=command.name), field="name")
    values = {
        "name": command.name,
        "type": command.type.value,
        "value": canonical(command.type, command.value),
    }
    return _change(ctx, customer, "attributes", row, values, command.version)


@operation("core.customer.edit")
def remove_attribute(ctx: Context, number: str, attribute_id: int) -> None:
    """Remove an attribute."""
    customer = _open(ctx, number)
    _remove(ctx, customer, "attributes", queries.attribute(ctx, customer, attribute_id))


def canonical(kind: AttributeType, text: str) -> str:
    """The text of a typed value in its one form: ISO 8601 dates, plain decimals, `true` or `false`. Raises Refused."""
    if kind == AttributeType.TEXT or not text:
        return text
    try:
        if kind == AttributeType.DATE:
            return date.fromisoformat(text).isoformat()
        if kind == AttributeType.NUMBER:
            number = Decimal(text.replace(",", "."))
            if not number.is_finite():
                raise InvalidOperation
            return format(number, "f")
        return {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}[
            text.lower()
        ]
    except (ValueError, InvalidOperation, KeyError):
        examples = {
            AttributeType.DATE: "2026-11-21",
            AttributeType.NUMBER: "12.5",
            AttributeType.BOOLEAN: "yes",
        }
        raise Refused(
            _("“{text}” does not fit the type {type}.", text=text, type=kind.value),
            field="value",
            remedy=_("Write it as {example}.", example=examples[kind]),
        ) from None


def _place(ctx: Context, site: Site, *, address: bool, pinned: bool) -> None:
    """What new coordinates or a new address mean for where a site is."""
    if pinned and site.latitude is not None and site.longitude is not None:
        site.located_by, site.located_as, site.locating = MANUAL, "", ""
        site.located_at = None
    elif pinned or address:
        site.located_by = "" if pinned else site.located_by
        address_changed(ctx, site)


def _open(ctx: Context, number: str) -> Customer:
    """The customer, locked, so that what belongs to it changes one after another."""
    customer = queries.to_change(ctx, number)
    refuse_archived(ctx, customer)
    return customer


def _values(command: BaseModel) -> dict[str, Any]:
    return command.model_dump(exclude={"version"})


def _contact_values(customer: Customer, command: ContactData) -> dict[str, Any]:
    return _values(command) | {
        "roles": sorted({role.value for role in command.roles}),
        "email": identity.check_email(command.email),
        "phone": identity.check_phone(command.phone, customer.country),
    }


def site_values(customer: Customer, command: SiteData) -> dict[str, Any]:
    """The columns of a site in their normal form. Raises Refused for a postal code that cannot be one."""
    country = command.country or customer.country
    return _values(command) | {
        "country": country,
        "postal_code": identity.check_postal_code(command.postal_code, country),
    }


def _check_tag(ctx: Context, customer: Customer, command: TagData, but: int | None = None) -> None:
    if command.from_date and command.to_date and command.to_date < command.from_date:
        raise Refused(_("The last day lies before the first."), field="to_date")
    same = select(CustomerTag.id).where(
        col(CustomerTag.customer_id) == customer.key,
        col(CustomerTag.text) == command.text,
        col(CustomerTag.id) != (but or 0),
    )
    if ctx.session.scalars(same).first() is not None:
        raise Refused(
            _("{number} already has the tag “{text}”.", number=customer.number, text=command.text),
            field="text",
            remedy=_("Edit that one."),
        )


def _add(ctx: Context, customer: Customer, noun: str, row: R) -> R:
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, customer, noun, row)
    return row


def _change(
    ctx: Context, customer: Customer, noun: str, row: R, values: Mapping[str, Any], version: int | None
) -> R:
    require_version(row, version, values)
    changed = False
    for field, value in values.items():
        if getattr(row, field) != value:
            setattr(row, field, value)
            changed = True
    if changed:
        ctx.session.flush()
        _tell(ctx, customer, noun, row)
    return row


def _remove(ctx: Context, customer: Customer, noun: str, row: Record) -> None:
    try:
        with ctx.session.begin_nested():
            ctx.session.delete(row)
            ctx.session.flush()
    except IntegrityError as error:
        raise Refused(
            _("This is still used, for example by a service, so it stays."),
            remedy=_("Change what uses it first."),
        ) from error
    _tell(ctx, customer, noun, row)


def _tell(ctx: Context, customer: Customer, noun: str, row: Record) -> None:
    ctx.note(
        row,
        label=f"{customer.number} {getattr(row, 'name', '') or getattr(row, 'text', '')}",
    )
    mark(ctx, "customer", customer.key)
    ctx.emit(
        CustomerChanged(
            entity_id=customer.key, customer_id=customer.key, number=customer.number, fields=(noun,)
        )
    )
