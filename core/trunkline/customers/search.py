"""How customers are found: by name, number, tax id, phone, e-mail, contacts, people who sign in, sites and tags."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth.models import User, UserKind
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.models import Contact, Customer, CustomerStatus, CustomerTag, Site
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind
from trunkline.search.marking import follow

_MERGED = select(
    *(col(getattr(Customer, name)) for name in "merged_into_id number name email phone tax_id".split())
)


def _load(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    customer = Customer
    rows = ctx.session.execute(
        select(
            col(customer.id),
            col(customer.number),
            col(customer.name),
            col(customer.legal_name),
            col(customer.kind),
            col(customer.tax_id),
            col(customer.country),
            col(customer.email),
            col(customer.phone),
            col(customer.reseller_id),
        ).where(col(customer.id).in_(ids), col(customer.status) != CustomerStatus.ARCHIVED)
    ).mappings()
    words: dict[int, list[str]] = {}
    digits: dict[int, list[str]] = {}
    for model in (Contact, User):
        for owner, name, email, phone in _of(ctx, ids, model, "name", "email", "phone"):
            words.setdefault(owner, []).extend((name, email or ""))
            digits.setdefault(owner, []).append(phone)
    for owner, street, city in _of(ctx, ids, Site, "street", "city"):
        words.setdefault(owner, []).extend((street, city))
    for owner, text in _of(ctx, ids, CustomerTag, "text"):
        words.setdefault(owner, []).append(text)
    # Who was merged into another is found by what they were called, and leads to the other.
    for row in ctx.session.execute(_MERGED.where(col(Customer.merged_into_id).in_(ids))):
        words.setdefault(row.merged_into_id, []).extend((row.number, row.name, row.email, row.tax_id))
        digits.setdefault(row.merged_into_id, []).extend((row.number, row.phone, row.tax_id))
    return [
        SearchDocument(
            kind="customer",
            id=row["id"],
            title=row["name"],
            subtitle=" · ".join(filter(None, (row["number"], shown_tax_id(row["tax_id"], row["country"])))),
            path=f"/customers/{row['number']}",
            permission="core.customer.view",
            terms=[row["legal_name"], row["email"], row["tax_id"], *words.get(row["id"], ())],
            digits=[row["tax_id"], row["phone"], row["number"], *digits.get(row["id"], ())],
            customer_id=row["id"],
            reseller_id=row["reseller_id"],
            icon="building" if row["kind"] == "business" else "user",
        )
        for row in rows
    ]


def _of(ctx: Context, ids: Sequence[int], model: type, *names: str) -> Iterable[Any]:
    owner = model.customer_id  # type: ignore[attr-defined]  # each of the models has one
    statement = select(owner, *(getattr(model, name) for name in names)).where(owner.in_(ids))
    return ctx.session.execute(statement)


def _all_ids(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(Customer.id))) if key is not None]


CUSTOMER = SearchKind(
    "customer", _("Customers"), _load, _all_ids, "core.customer.view", page="/customers/{number}"
)
follow(
    User,
    "customer",
    "name",
    "email",
    "phone",
    only=lambda user: user.kind == UserKind.PORTAL,
    key="customer_id",
)
