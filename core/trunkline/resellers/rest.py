"""REST: resellers and whose customers they are."""

from trunkline.operation import Context
from trunkline.resellers import operations, queries
from trunkline.resellers.schemas import CreateReseller, EditReseller, GiveCustomer, ResellerOut
from trunkline.resellers.tables import RESELLERS
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

resellers = RestRoutes("/resellers", "resellers")


@resellers.get("", permission="core.reseller.list", table=RESELLERS)
def list_resellers(ctx: Context, params: ListParams = list_params) -> Listing[ResellerOut]:
    """Resellers with how many customers and people they have."""
    return read_list(ctx, RESELLERS, queries.list_resellers(ctx), params, ResellerOut)


@resellers.get("/{reseller_id}", permission="core.reseller.view")
def show(ctx: Context, reseller_id: int) -> ResellerOut:
    """One reseller."""
    return _reseller(ctx, reseller_id)


@resellers.post("", permission="core.reseller.create")
def create(ctx: Context, command: CreateReseller) -> ResellerOut:
    """Add a reseller."""
    return _reseller(ctx, operations.create(ctx, command).key)


@resellers.patch("/{reseller_id}", permission="core.reseller.edit")
def edit(
    ctx: Context, reseller_id: int, command: EditReseller, version: int | None = if_match
) -> ResellerOut:
    """Rename a reseller."""
    operations.edit(ctx, reseller_id, command.model_copy(update={"version": version}))
    return _reseller(ctx, reseller_id)


@resellers.post("/{reseller_id}/archive", permission="core.reseller.archive")
def archive(ctx: Context, reseller_id: int) -> ResellerOut:
    """Take on no more customers for a reseller."""
    operations.archive(ctx, reseller_id)
    return _reseller(ctx, reseller_id)


@resellers.post("/{reseller_id}/restore", permission="core.reseller.archive")
def restore(ctx: Context, reseller_id: int) -> ResellerOut:
    """Let a reseller have new customers again."""
    operations.restore(ctx, reseller_id)
    return _reseller(ctx, reseller_id)


@resellers.post("/{reseller_id}/customers", permission="core.reseller.assign")
def give_customer(ctx: Context, reseller_id: int, command: GiveCustomer) -> ResellerOut:
    """Make a customer the reseller's."""
    operations.give_customer(ctx, reseller_id, command.number)
    return _reseller(ctx, reseller_id)


@resellers.delete("/{reseller_id}/customers/{number}", permission="core.reseller.assign")
def take_customer_back(ctx: Context, reseller_id: int, number: str) -> None:
    """Make a reseller's customer the operator's own again."""
    operations.take_customer_back(ctx, reseller_id, number)


def _reseller(ctx: Context, reseller_id: int) -> ResellerOut:
    return ResellerOut.model_validate(dict(queries.get(ctx, reseller_id)))
