"""Customers from a CSV file. A row is known by its number, else by its tax id; the same file twice changes nothing."""

from contextlib import suppress
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import col, select

from trunkline.customers import identity, operations, queries
from trunkline.customers.models import Customer, CustomerKind, Site
from trunkline.customers.schemas import (
    AddressData,
    CountryCode,
    Language,
    Name,
    RegisterCustomer,
    SiteData,
    UpdateCustomer,
)
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.imports import Importer, ImportOptions
from trunkline.imports.importer import ImportColumn, csv_rows
from trunkline.operation import Context

COLUMNS = (
    ImportColumn("number", _("Customer number; empty for a new customer"), example="C000123"),
    ImportColumn("kind", _("individual or business"), required=True, example="business"),
    ImportColumn("name", _("Full name, or trade name"), required=True, example="Padaria Estrela"),
    ImportColumn("legal_name", _("Legal name of a business"), example="Padaria Estrela Ltda"),
    ImportColumn("tax_id", _("CPF, CNPJ or VAT number"), example="11.222.333/0001-81"),
    ImportColumn("email", _("E-mail address"), example="contato@example.com"),
    ImportColumn("phone", _("Phone with area code, or international"), example="+55 51 3333-4444"),
    ImportColumn("language", _("Language of mails and invoices"), example="pt_BR"),
    ImportColumn("street", _("Street and number"), example="Av. Ipiranga 1200"),
    ImportColumn("city", _("City"), example="Porto Alegre"),
    ImportColumn("state", _("State"), example="RS"),
    ImportColumn("postal_code", _("Postal code"), example="90160-091"),
    ImportColumn("country", _("Country, two letters"), example="BR"),
)

_OWN_COLUMNS = ("name", "legal_name", "tax_id", "email", "phone", "language", "country")


def _text(most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, max_length=most)


class CustomerRow(BaseModel):
    """One row of the file."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, _text(20)] = ""
    kind: CustomerKind
    name: Name
    legal_name: Annotated[str, _text(200)] = ""
    tax_id: Annotated[str, _text(40)] = ""
    email: Annotated[str, _text(254)] = ""
    phone: Annotated[str, _text(40)] = ""
    language: Language = ""
    street: Annotated[str, _text(300)] = ""
    city: Annotated[str, _text(120)] = ""
    state: Annotated[str, _text(60)] = ""
    postal_code: Annotated[str, _text(20)] = ""
    country: CountryCode = Field(default="")

    @property
    def address(self) -> AddressData:
        """The address columns."""
        return AddressData(street=self.street, city=self.city, state=self.state, postal_code=self.postal_code)


def store(ctx: Context, row: CustomerRow, options: ImportOptions) -> str:
    """Register or update one customer. Raises Refused naming the column."""
    customer = _known(ctx, row)
    if customer is None:
        values = row.model_dump(include={"kind", *_OWN_COLUMNS})
        operations.register(ctx, RegisterCustomer(**values, address=row.address), number=row.number)
        return "created"
    if customer.kind != row.kind:
        raise Refused(
            _("{number} is registered as {kind}.", number=customer.number, kind=customer.kind), field="kind"
        )
    before = customer.version
    given = row.model_fields_set & set(_OWN_COLUMNS)
    operations.update(ctx, customer.number, UpdateCustomer(**row.model_dump(include=given)))
    changed = _update_site(ctx, customer, row) or customer.version != before
    return "updated" if changed else "unchanged"


def _known(ctx: Context, row: CustomerRow) -> Customer | None:
    if row.number:
        found = ctx.session.scalars(
            ctx.visible(Customer).where(col(Customer.number) == row.number)
        ).one_or_none()
        if found is not None:
            return found
    if row.tax_id and not row.number:
        country = row.country or ctx.app.config.country
        # Nobody is known by an id that cannot be one; registering says so, and what else is wrong.
        with suppress(Refused):
            return queries.find_by_tax_id(ctx, identity.check_tax_id(row.tax_id, country, row.kind))
    return None


def _update_site(ctx: Context, customer: Customer, row: CustomerRow) -> bool:
    """Bring the customer's first site to the row's address; whether anything changed."""
    if not row.address.given:
        return False
    site = ctx.session.scalars(
        select(Site).where(col(Site.customer_id) == customer.key).order_by(col(Site.id)).limit(1)
    ).one_or_none()
    if site is None:
        name = operations.first_site_name(ctx, customer)
        data = SiteData(name=name, country=row.country, **row.address.model_dump())
        operations.add_site(ctx, customer.number, data)
        return True
    before = site.version
    given = {name: value for name, value in row.address.model_dump().items() if value}
    present = {name: getattr(site, name) for name in SiteData.model_fields if name != "version"}
    operations.update_site(ctx, customer.number, site.key, SiteData(**{**present, **given}))
    return site.version != before


CUSTOMERS = Importer(
    "customers",
    _("Customers"),
    "core.customer.import",
    COLUMNS,
    csv_rows(CustomerRow, COLUMNS, store, operation_name="core.customer.import"),
    whole=True,
)
