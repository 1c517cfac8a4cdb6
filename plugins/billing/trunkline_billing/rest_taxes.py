"""REST: tax schemes. Rates are exact: decimal texts in per cent, as amounts of money are."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.operation import Context
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes
from trunkline_billing import operations, queries
from trunkline_billing.schemas import CreateTaxScheme
from trunkline_billing.tax import percent_text

REST = RestRoutes("/billing", "billing")
TaxName = Annotated[str, StringConstraints(pattern=r"^\S(.{0,38}\S)?$")]
PercentText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$")]


class TaxSchemeOut(BaseModel):
    """A set of taxes; the rates in per cent by name, as decimal texts such as `0.65`."""

    name: str
    is_default: bool
    rates: dict[str, str]


class CreateTaxSchemeIn(BaseModel):
    """A tax scheme with its rates."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    rates: dict[TaxName, PercentText] = Field(
        default={},
        max_length=40,
        description='Per cent by the tax\'s name, as decimal texts with up to four digits: `{"ICMS": "17"}`.',
    )
    is_default: bool = Field(default=False, description="Used where an account names none.")


@REST.get("/taxes", permission="billing.tax.list")
def tax_schemes(ctx: Context) -> Listing[TaxSchemeOut]:
    """Tax schemes with their rates, by name."""
    return list_of(_schemes(ctx))


@REST.post("/taxes", permission="billing.tax.edit")
def create_tax_scheme(ctx: Context, body: CreateTaxSchemeIn) -> TaxSchemeOut:
    """Add a tax scheme; as the default one it replaces the former for invoices to come."""
    lines = [f"{name} {percent}" for name, percent in body.rates.items()]
    wanted = CreateTaxScheme(name=body.name, rates=lines, is_default=body.is_default)
    made = operations.create_tax_scheme(ctx, wanted)
    return next(one for one in _schemes(ctx) if one.name == made.name)


def _schemes(ctx: Context) -> list[TaxSchemeOut]:
    return [
        TaxSchemeOut(
            name=scheme.name,
            is_default=scheme.is_default,
            rates={rate.name: percent_text(rate.rate_millionths) for rate in rates},
        )
        for scheme, rates in queries.tax_schemes(ctx)
    ]
