"""The plan of a customer who is being added: what they order, in the same transaction in which they are registered."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field, create_model

from trunkline.customers import queries as customers
from trunkline.customers.guided.steps import Asked, CustomerStep
from trunkline.customers.models import Customer
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.previewing import look_at_products
from trunkline_catalog.order_forms import PARAMETER, PICK, order_schema
from trunkline_catalog.schemas import OrderLineInput, PlaceOrder, ProductKind, ProductView
from trunkline_inventory import queries as inventory

_NAME = "catalog.plan"


class PlanChoice(BaseModel):
    """The product that the customer orders, if any."""

    product: str = Field(
        default="",
        title=_("Plan"),
        json_schema_extra={"widget": "select", "blank": _("None: nothing is ordered yet"), "section": ""},
    )


@lru_cache(maxsize=128)
def _with_questions(asked: type[BaseModel]) -> type[BaseModel]:
    return create_model(f"Guided{asked.__name__}", __base__=(asked, PlanChoice))


def _on_sale(ctx: Context) -> list[ProductView]:
    """What stands alone and can be ordered here: a secret is typed in an order only, which keeps it sealed."""
    return [
        one
        for one in queries.products(ctx)
        if one.currency
        and one.kind is ProductKind.STANDALONE
        and not any(parameter.secret and parameter.required for parameter in one.asked)
    ]


def _ask(ctx: Context, answers: Mapping[str, BaseModel], typed: Mapping[str, Any]) -> Asked | None:
    offered = _on_sale(ctx)
    if not offered:
        return None
    chosen = next((one for one in offered if one.code == typed.get("product")), None)
    return Asked(PlanChoice if chosen is None else _schema(ctx, chosen), choices=_choices(offered))


def _schema(ctx: Context, product: ProductView) -> type[BaseModel]:
    plain = product.model_copy(
        update={"parameters": tuple(one for one in product.parameters if not one.secret)}
    )
    return _with_questions(order_schema(plain, tuple(inventory.templates(ctx)), False, False))


def _ask_briefly(ctx: Context) -> Asked | None:
    """Only products that need no answer."""
    offered = [
        one
        for one in _on_sale(ctx)
        if not any(parameter.required and not parameter.value for parameter in one.asked)
    ]
    return Asked(PlanChoice, choices=_choices(offered)) if offered else None


def _choices(products: list[ProductView]) -> Mapping[str, list[tuple[str, str]]]:
    return {"product": [(one.code, one.name) for one in products]}


def _prepare(ctx: Context, command: PlanChoice) -> None:
    look_at_products(ctx, [command.product] if command.product else [])


def _order(ctx: Context, customer: Customer, command: PlanChoice) -> None:
    if not command.product:
        return
    sites = customers.sites_of(ctx, customer.key)
    said = command.model_dump(exclude={"product"})
    line = OrderLineInput(
        product_code=command.product,
        picks={_after(PICK, name): value or None for name, value in said.items() if name.startswith(PICK)},
        parameters={
            _after(PARAMETER, name): value for name, value in said.items() if name.startswith(PARAMETER)
        },
        site_id=sites[0].id if sites else None,
    )
    try:
        operations.place_order(ctx, PlaceOrder(customer_number=customer.number, lines=[line]))
    except TrunklineError as error:
        error.field = _field(error.field or "")
        raise


def _after(prefix: str, name: str) -> str:
    return name.removeprefix(prefix)


def _field(field: str) -> str:
    """`lines.0.picks.sim` as the form of this step calls it."""
    word = field.removeprefix("lines.0").removeprefix(".")
    for group, prefix in (("picks.", PICK), ("parameters.", PARAMETER)):
        if word.startswith(group):
            return prefix + word.removeprefix(group)
    return "product"


CUSTOMER_STEPS = (
    CustomerStep(
        _NAME,
        _("Plan"),
        "catalog.order.create",
        _ask,
        _order,
        help=_("What the customer orders. What it asks further appears once it is chosen."),
        order=80,
        brief=_ask_briefly,
        prepare=_prepare,
    ),
)
