"""How contacts with customers are found: by protocol number and subject."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.interactions.models import Interaction
from trunkline.interactions.operations import SEARCH_KIND
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.execute(
        select(
            col(Interaction.id),
            col(Interaction.number),
            col(Interaction.subject),
            col(Interaction.customer_id),
            col(Customer.name),
            col(Customer.number).label("customer_number"),
            col(Customer.reseller_id),
        )
        .join(Customer, col(Customer.id) == col(Interaction.customer_id))
        .where(col(Interaction.id).in_(ids))
    )
    return [
        SearchDocument(
            kind=SEARCH_KIND,
            id=row.id,
            title=row.number,
            subtitle=f"{row.name} · {row.subject}",
            path=f"/customers/{row.customer_number}/interactions/{row.number}",
            permission="core.interaction.view",
            terms=(row.number,),
            digits=(row.number,),
            customer_id=row.customer_id,
            reseller_id=row.reseller_id,
            icon="messages",
        )
        for row in rows
    ]


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Interaction.id))) if key is not None]


INTERACTION = SearchKind(
    SEARCH_KIND,
    _("Protocols"),
    _load,
    _all_ids,
    "core.interaction.view",
    page="/customers/{number}/interactions/{protocol}",
)
