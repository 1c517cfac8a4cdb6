"""REST: what an erasure would do, and doing it."""

from trunkline.customers.erasing import operations, queries
from trunkline.customers.erasing.own_rows import ERASE
from trunkline.customers.erasing.schemas import EraseCustomer, ErasurePreview
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers", "customers")


@rest.get("/{number}/erasure", permission=ERASE)
def preview(ctx: Context, number: str) -> ErasurePreview:
    """What would be deleted, pseudonymised and kept, and what stands in the way; afterwards what is kept still."""
    return queries.preview(ctx, number)


@rest.post("/{number}/erasure", permission=ERASE, status=200)
def erase(ctx: Context, number: str, command: EraseCustomer) -> ErasurePreview:
    """Erase the customer's personal data for ever. `confirm` is the customer's number; nobody can undo it."""
    operations.erase(ctx, number, command)
    return queries.preview(ctx, number)
