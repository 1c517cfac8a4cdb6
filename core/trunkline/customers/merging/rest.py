"""REST: duplicates, merging customers, and parting them again."""

from datetime import datetime

from pydantic import BaseModel

from trunkline.customers import queries as customers
from trunkline.customers.merging import candidates, operations, queries
from trunkline.customers.merging.schemas import CandidateOut, MergeCustomers, MergeOut, MergePreview
from trunkline.customers.merging.tables import DUPLICATES
from trunkline.customers.schemas import CustomerOut
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/customers", "customers")
pairs = RestRoutes("/customer-duplicates", "customers")
_MERGE = "core.customer.merge"


class DuplicateOut(BaseModel):
    """Two customers who may be one; `reasons` are words parted by blanks."""

    id: int
    number: str
    name: str
    other_number: str
    other_name: str
    reasons: str
    score: int
    found_at: datetime


@pairs.get("", permission=_MERGE, table=DUPLICATES)
def list_duplicates(ctx: Context, params: ListParams = list_params) -> Listing[DuplicateOut]:
    """Pairs that the nightly look found and nobody has judged, likeliest first. Filter: `reason`."""
    return read_list(ctx, DUPLICATES, queries.list_duplicates(ctx), params, DuplicateOut)


@rest.get("/{number}/duplicates", permission=_MERGE)
def duplicates(ctx: Context, number: str) -> Listing[CandidateOut]:
    """Who may be the same customer now, likeliest first, those judged otherwise left out."""
    customer = customers.get(ctx, number)
    judged = queries.dismissed_with(ctx, customer.key)
    found = [one for one in candidates.like(ctx, customer) if one.id not in judged]
    return list_of([CandidateOut.model_validate(one) for one in found])


@rest.post("/{number}/duplicates/{other}/dismiss", permission=_MERGE, status=204)
def dismiss(ctx: Context, number: str, other: str) -> None:
    """Say that the two are not one."""
    operations.dismiss(ctx, number, other)


@rest.get("/{number}/merge/{source}", permission=_MERGE)
def preview(ctx: Context, number: str, source: str) -> MergePreview:
    """What merging `source` into the customer would do: which values differ, and what moves."""
    return queries.preview(ctx, number, source)


@rest.post("/{number}/merge", permission=_MERGE, status=200)
def merge(ctx: Context, number: str, command: MergeCustomers) -> MergeOut:
    """Merge another customer into this one. `take` names the fields of which the other's value stays."""
    return MergeOut.model_validate(operations.merge(ctx, number, command))


@rest.get("/{number}/merges", permission=_MERGE)
def merges(ctx: Context, number: str) -> Listing[MergeOut]:
    """Merges into this customer, newest first."""
    found = queries.merges_of(ctx, customers.get(ctx, number))
    return list_of([MergeOut.model_validate(one) for one in found])


@rest.post("/{number}/merges/{merge_id}/undo", permission=_MERGE, status=200)
def undo(ctx: Context, number: str, merge_id: int) -> CustomerOut:
    """Undo a merge; the answer is the customer who is one of their own again."""
    return CustomerOut.model_validate(operations.undo(ctx, number, merge_id))
