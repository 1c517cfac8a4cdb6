"""REST: contacts with a customer."""

from trunkline.customers import queries as customers
from trunkline.interactions import operations, queries
from trunkline.interactions.schemas import InteractionOut, RecordInteraction
from trunkline.interactions.tables import interactions_table
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers", "customers")
_INTERACTIONS = interactions_table("")


@rest.get("/{number}/interactions", permission="core.interaction.list", table=_INTERACTIONS)
def interactions(ctx: Context, number: str, params: ListParams = list_params) -> Listing[InteractionOut]:
    """Contacts with the customer, newest first. Filters: `channel`, `at_from`, `at_to`."""
    key = customers.get(ctx, number).key
    return read_list(ctx, _INTERACTIONS, queries.select_of(ctx, key), params, InteractionOut)


@rest.get("/{number}/interactions/{protocol}", permission="core.interaction.view")
def interaction(ctx: Context, number: str, protocol: str) -> InteractionOut:
    """One contact by its protocol number."""
    return InteractionOut.model_validate(queries.of_customer(ctx, customers.get(ctx, number), protocol))


@rest.post("/{number}/interactions", permission="core.interaction.record")
def record(ctx: Context, number: str, command: RecordInteraction) -> InteractionOut:
    """Write a contact down; the answer has its protocol number, which `tell` also sends to the customer."""
    return InteractionOut.model_validate(operations.record(ctx, number, command))
