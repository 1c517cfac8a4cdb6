"""Who may be the same customer: by tax id, e-mail, phone and name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from trunkline.customers.models import Customer, CustomerStatus, Site
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.search.folding import fold, words

REASONS = {
    "tax_id": _("Same tax id"),
    "email": _("Same e-mail address"),
    "phone": _("Same phone number"),
    "name": _("Like name"),
}
SCORES = {"tax_id": 60, "email": 30, "phone": 30, "name": 20}
_MOST = 20
#: Of a frequent name the first so many are compared.
_ALIKE = 60
#: Names as like as this are told; an initial more or a letter less is about 0.9.
_LIKE = 0.85
#: A CNPJ is the company's root, the branch, and check digits (IN RFB 2.229/2024); branches share the root.
ROOT, CNPJ = 8, 14
_C = Customer.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it


@dataclass
class Candidate:
    """A customer who may be the same."""

    id: int
    number: str
    name: str
    status: str
    tax_id: str
    country: str
    email: str
    phone: str
    reasons: list[str] = field(default_factory=list)

    @property
    def score(self) -> int:
        """How likely it is the same, at most 140."""
        return sum(SCORES[reason] for reason in self.reasons)


def like(ctx: Context, customer: Customer) -> list[Candidate]:
    """Visible customers of the same reseller who may be this one, likeliest first."""
    return _found(ctx, customer, _of_like_name(ctx, customer))


def like_new(ctx: Context, customer: Customer, postal_code: str) -> list[Candidate]:
    """As `like`, of somebody who is not registered yet: a name tells only beside the same date of birth or postal code."""
    known = [] if customer.birth_date is None else [_C.birth_date == customer.birth_date]
    if postal_code:
        sites = select(col(Site.customer_id)).where(col(Site.postal_code) == postal_code)
        known.append(_C.id.in_(sites))
    named = _of_like_name(ctx, customer, or_(*known)) if known and customer.name else []
    return _found(ctx, customer, named)


def _found(ctx: Context, customer: Customer, named: Sequence[Any]) -> list[Candidate]:
    found: dict[int, Candidate] = {}
    for reason, condition in _conditions(customer):
        for row in ctx.session.execute(_others(ctx, customer).where(condition).limit(_MOST)):
            found.setdefault(row.id, Candidate(*row)).reasons.append(reason)
    for row in named:
        found.setdefault(row.id, Candidate(*row)).reasons.append("name")
    return sorted(found.values(), key=lambda one: (-one.score, one.number))[:_MOST]


def _others(ctx: Context, customer: Customer) -> Any:
    names = "id number name status tax_id country email phone".split()
    itself = [] if customer.id is None else [_C.id != customer.id]
    return select(*(_C[name] for name in names)).where(
        *itself,
        _C.status != CustomerStatus.ARCHIVED,
        _C.reseller_id.is_not_distinct_from(customer.reseller_id),
        *ctx.visible_conditions(Customer),
    )


def _conditions(customer: Customer) -> Iterator[tuple[str, ColumnElement[bool]]]:
    if customer.tax_id:
        root = _root(customer)
        # A range, so that the index is used whatever the collation.
        yield (
            "tax_id",
            and_(_C.tax_id >= root, _C.tax_id < root + "~") if root else _C.tax_id == customer.tax_id,
        )
    if customer.email:
        yield "email", _C.email == customer.email
    if customer.phone:
        yield "phone", _C.phone == customer.phone


def _root(customer: Customer) -> str:
    return customer.tax_id[:ROOT] if customer.country == "BR" and len(customer.tax_id) == CNPJ else ""


def _of_like_name(ctx: Context, customer: Customer, *further: ColumnElement[bool]) -> Sequence[Any]:
    """Customers whom the search finds by the name and whose names are nearly the same, narrowed by what is known beside it."""
    from trunkline.search.queries import of_like_name

    own = _plain(customer.name)
    hits = of_like_name(ctx, customer.name, "customer", _ALIKE)
    keys = [hit.customer_id for hit in hits if hit.customer_id and _as_like(own, _plain(hit.title))]
    if not keys:
        return []
    return ctx.session.execute(_others(ctx, customer).where(_C.id.in_(keys), *further)).all()


def _plain(name: str) -> str:
    return " ".join(sorted(words(fold(name))))


def _as_like(one: str, other: str) -> bool:
    return bool(one) and SequenceMatcher(None, one, other).ratio() >= _LIKE
