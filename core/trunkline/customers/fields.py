"""Single values of a customer: how the overview shows them, and changing one of them."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from trunkline.customers import queries
from trunkline.customers.identity import shown_tax_id, tax_id_label
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.operations import update
from trunkline.customers.schemas import UpdateCustomer
from trunkline.i18n import LANGUAGES, babel_locale, format_date
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.read_model import read_model
from trunkline.web.writing import phone_text


@read_model
class Shown:
    """One fact as the overview shows it. `href` is where it is edited; empty for who may not."""

    key: str
    label: str
    text: str
    href: str
    #: Shown although it is empty.
    always: bool = False


class ChangeField(BaseModel):
    """One value to change: what the editor wrote, what they saw before, and at which version."""

    model_config = ConfigDict(extra="forbid")

    field: str
    value: Any
    was: str = ""
    version: int | None = None


@operation("core.customer.edit")
def change_field(ctx: Context, number: str, command: ChangeField) -> Customer:
    """Change one value of a customer.

    Raises Conflict showing both values when this field was changed since it was opened; a change of another one since does not
    matter. Raises Refused like `update`.
    """
    customer = queries.to_change(ctx, number)
    untouched = written(getattr(customer, command.field)) == command.was
    wanted = UpdateCustomer.model_validate(
        {command.field: command.value, "version": None if untouched else command.version}
    )
    return update(ctx, number, wanted)


def written(value: object) -> str:
    """A value as text to compare by."""
    return "" if value is None else str(value)


def shown(
    customer: Customer, locale: str, *, assigned_to: str, may_edit: bool, may_assign: bool
) -> list[Shown]:
    """The customer's facts in the order of the overview; those of the other kind are left out."""
    business = customer.kind == CustomerKind.BUSINESS
    country = str(babel_locale(locale).territories.get(customer.country, customer.country))
    born = format_date(customer.birth_date) if customer.birth_date else ""
    facts: list[tuple[str, str, str, bool]] = [
        ("name", _("Trade name") if business else _("Full name"), customer.name, True),
        *([("legal_name", _("Legal name"), customer.legal_name, True)] if business else []),
        (
            "tax_id",
            tax_id_label(customer.country, customer.kind),
            shown_tax_id(customer.tax_id, customer.country),
            True,
        ),
        ("email", _("E-mail"), customer.email, True),
        ("phone", _("Phone"), phone_text(customer.phone), True),
        ("language", _("Language"), LANGUAGES.get(customer.language, customer.language), True),
        *_of_kind(customer, born),
        ("country", _("Country"), country, False),
    ]
    base = f"/customers/{customer.number}/fields"
    found = [
        Shown(key, str(label), text, f"{base}/{key}" if may_edit else "", always)
        for key, label, text, always in facts
    ]
    href = f"{base}/assigned" if may_assign else ""
    notes = Shown("notes", str(_("Notes")), customer.notes, f"{base}/notes" if may_edit else "", True)
    return [*found, Shown("assigned", str(_("Looked after by")), assigned_to, href, True), notes]


def _of_kind(customer: Customer, born: str) -> list[tuple[str, str, str, bool]]:
    if customer.kind == CustomerKind.BUSINESS:
        return [
            ("state_registration", _("State registration"), customer.state_registration, False),
            ("website", _("Website"), customer.website, False),
        ]
    return [
        ("birth_date", _("Date of birth"), born, False),
        ("identity_document", _("Identity document"), customer.identity_document, False),
    ]
