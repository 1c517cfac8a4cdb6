"""How contracts are found: by number and title."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.contracts.models import Contract
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import mark

SEARCH_KIND = "contract"


def mark_contract(ctx: Context, contract: Contract) -> None:
    """Have the search look at a contract again; part of operations."""
    mark(ctx, SEARCH_KIND, contract.key)


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(
            col(Contract.id),
            col(Contract.number),
            col(Contract.title),
            col(Contract.customer_id),
            col(Customer.name),
            col(Customer.reseller_id),
        )
        .join(Customer, col(Customer.id) == col(Contract.customer_id))
        .where(col(Contract.id).in_(ids))
    )
    return [
        SearchDocument(
            kind=SEARCH_KIND,
            id=row.id,
            title=row.title,
            subtitle=f"{row.number} · {row.name}",
            path=f"/contracts/{row.number}",
            permission="core.contract.view",
            terms=(row.number, row.title),
            customer_id=row.customer_id,
            reseller_id=row.reseller_id,
            icon="contract",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Contract.id))) if key is not None]


CONTRACT = SearchKind(
    SEARCH_KIND, _("Contracts"), _load, _all_ids, "core.contract.view", page="/contracts/{number}"
)
