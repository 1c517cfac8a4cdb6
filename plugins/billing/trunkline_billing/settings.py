"""Settings of billing."""

from collections.abc import Set
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from trunkline.customers.identity import check_tax_id, shown_tax_id
from trunkline.errors import Refused
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.operation import Context


class BillingSettings(BaseModel):
    """What an operator decides about billing."""

    charging_engine: str = Field(
        default="embedded",
        title=_("Charging engine"),
        description=_("Name of the engine that rates and charges usage."),
    )
    default_tariff: str = Field(
        default="",
        title=_("Default tariff"),
        description=_("For usage of products that name no tariff of their own."),
    )
    allowance_prefixes: str = Field(
        default="",
        max_length=200,
        # A plus sign or a word would cover no number at all, and customers would pay for what is included.
        pattern=r"^(\s*\d{1,15}\s*(,\s*\d{1,15}\s*)*)?$",
        examples=["55, 351"],
        title=_("Numbers that allowances cover"),
        description=_(
            "Prefixes with country code, separated by commas. Empty: every number of the operator's country."
        ),
    )
    due_days: int = Field(
        default=15,
        ge=0,
        le=120,
        title=_("Days until due"),
        description=_("Counted from the day the invoice is issued."),
        json_schema_extra={"suffix": _("days")},
    )
    mail_invoices: bool = Field(default=True, title=_("Mail a notice of each new invoice"))
    fiscal_notice: bool = Field(
        default=True,
        title=_("Mark invoices as having no fiscal value"),
        description=_("Where the tax authority asks for a document of its own."),
    )
    operator_tax_id: str = Field(default="", max_length=40, title=_("Tax id on invoices"))
    operator_address: str = Field(
        default="",
        max_length=300,
        title=_("Address on invoices"),
        json_schema_extra={"widget": "textarea", "rows": 3},
    )
    operator_contact: str = Field(default="", max_length=200, title=_("Contact on invoices"))
    second_person_above: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=12,
        decimal_places=2,
        title=_("Amounts that need a second person"),
        description=_(
            "Reversing a payment or voiding an invoice of more than this, and credits or refunds that make more than this for "
            "one account in 30 days, in the operator's currency, wait for a second person; in other currencies always. "
            "Empty: one person is enough."
        ),
    )

    def check_here(self, ctx: "Context", changed: Set[str]) -> None:
        """Refuse a tax id that no business of the operator's country has; a right one is kept as people write it there."""
        if "operator_tax_id" not in changed:
            return
        country = ctx.app.config.country
        try:
            compact = check_tax_id(self.operator_tax_id, country, "business")
        except Refused as error:
            error.field = "operator_tax_id"
            raise
        self.operator_tax_id = shown_tax_id(compact, country)
