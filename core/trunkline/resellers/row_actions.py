"""Giving many customers to a reseller, or taking them back; archiving many resellers."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.customers import queries as customers
from trunkline.customers.models import Reseller
from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context
from trunkline.resellers import operations, queries


class GiveRows(BaseModel):
    """Whose the customers become, by the reseller's key; the operator's own for none."""

    model_config = ConfigDict(extra="forbid")

    reseller_id: int | None = Field(
        default=None,
        title=_("Reseller"),
        json_schema_extra={"widget": "select", "blank": _("None: our own customers")},
    )


def _give(ctx: Context, key: int, command: GiveRows) -> None:
    customer = customers.by_id(ctx, key)
    if customer.reseller_id == command.reseller_id:
        return
    if command.reseller_id is not None:
        operations.give_customer(ctx, command.reseller_id, customer.number)
    elif customer.reseller_id is not None:
        operations.take_customer_back(ctx, customer.reseller_id, customer.number)


def _archive(ctx: Context, key: int, command: NoValues) -> None:
    if ctx.load(Reseller, key).active:
        operations.archive(ctx, key)


def _restore(ctx: Context, key: int, command: NoValues) -> None:
    if not ctx.load(Reseller, key).active:
        operations.restore(ctx, key)


def _resellers(ctx: Context) -> Mapping[str, Any]:
    return {"reseller_id": queries.active_choices(ctx)}


ROW_ACTIONS = (
    RowAction(
        "core.customer_reseller",
        "customers",
        _("Give to a reseller"),
        "core.reseller.assign",
        _give,
        GiveRows,
        choices=_resellers,
        icon="building-store",
        effect=_(
            "The reseller and its people see them from then on; their services and invoices go with them."
        ),
        order=50,
    ),
    RowAction(
        "core.reseller_archive",
        "resellers",
        _("Archive"),
        "core.reseller.archive",
        _archive,
        icon="archive",
        effect=_(
            "They take no new customers then. Those they have stay, and their people go on seeing them."
        ),
        order=10,
    ),
    RowAction(
        "core.reseller_restore",
        "resellers",
        _("Bring back"),
        "core.reseller.archive",
        _restore,
        icon="arrow-back-up",
        order=20,
    ),
)
