"""Who may be the same customer: by tax id, e-mail, phone and name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlmodel import col

from trunkline.customers.merging.models import CustomerDuplicate
from trunkline.customers.models import Customer, CustomerKind, CustomerStatus
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.search.folding import fold, words

REASONS = {
    "tax_id": _("Same tax id"),
    "email": _("Same e-mail address"),
    "phone": _("Same phone number"),
    "name": _("Like name"),
}
_SCORES = {"tax_id": 60, "email": 30, "phone": 30, "name": 20}
_MOST = 20
#: Of a frequent name the first so many are compared.
_ALIKE = 60
#: Names as like as this are told; an initial more or a letter less is about 0.9.
_LIKE = 0.85
#: More who share one address or number share it for a reason: an accountant's office, a family.
_LARGEST = 6
_GROUPS = 2000
#: A CNPJ is the company's root, the branch, and check digits (IN RFB 2.229/2024); branches share the root.
_ROOT, _CNPJ = 8, 14
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
        return sum(_SCORES[reason] for reason in self.reasons)


def like(ctx: Context, customer: Customer) -> list[Candidate]:
    """Visible customers of the same reseller who may be this one, likeliest first."""
    found: dict[int, Candidate] = {}
    for reason, condition in _conditions(customer):
        for row in ctx.session.execute(_others(ctx, customer).where(condition).limit(_MOST)):
            found.setdefault(row.id, Candidate(*row)).reasons.append(reason)
    for row in _of_like_name(ctx, customer):
        found.setdefault(row.id, Candidate(*row)).reasons.append("name")
    return sorted(found.values(), key=lambda one: (-one.score, one.number))[:_MOST]


def _others(ctx: Context, customer: Customer) -> Any:
    names = "id number name status tax_id country email phone".split()
    return select(*(_C[name] for name in names)).where(
        _C.id != customer.id,
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
    return customer.tax_id[:_ROOT] if customer.country == "BR" and len(customer.tax_id) == _CNPJ else ""


def _of_like_name(ctx: Context, customer: Customer) -> Sequence[Any]:
    """Customers whom the search finds by the name and whose names are nearly the same."""
    from trunkline.search.queries import of_like_name

    own = _plain(customer.name)
    hits = of_like_name(ctx, customer.name, "customer", _ALIKE)
    keys = [hit.customer_id for hit in hits if hit.customer_id and _as_like(own, _plain(hit.title))]
    if not keys:
        return []
    return ctx.session.execute(_others(ctx, customer).where(_C.id.in_(keys))).all()


def _plain(name: str) -> str:
    return " ".join(sorted(words(fold(name))))


def _as_like(one: str, other: str) -> bool:
    return bool(one) and SequenceMatcher(None, one, other).ratio() >= _LIKE


# ------------------------------------------------------------------------- every customer, at night


def scan(ctx: Context) -> None:
    """Find anew who shares what with whom. What somebody judged stays judged."""
    found: dict[tuple[int, int], list[str]] = {}
    for reason, keys in _shared():
        for group in _groups(ctx, keys):
            for pair in zip([group[0]] * len(group), group[1:], strict=False):
                found.setdefault(pair, []).append(reason)
    table = CustomerDuplicate
    known = {
        (row.first_id, row.second_id): row
        for row in ctx.session.execute(
            select(
                col(table.id),
                col(table.first_id),
                col(table.second_id),
                col(table.reasons),
                col(table.dismissed_at),
            )
        )
    }
    fresh = [
        {
            "first_id": pair[0],
            "second_id": pair[1],
            **_told(reasons),
            "found_at": ctx.now(),
            "dismissed_by": "",
        }
        for pair, reasons in found.items()
        if pair not in known
    ]
    if fresh:
        ctx.session.execute(insert(table), fresh)
    for pair, row in known.items():
        if pair in found:
            told = _told(found[pair])
            if told["reasons"] != row.reasons:
                ctx.session.execute(update(table).where(col(table.id) == row.id).values(**told))
        elif row.dismissed_at is None:
            ctx.session.execute(delete(table).where(col(table.id) == row.id))


def _told(reasons: Sequence[str]) -> dict[str, Any]:
    return {"reasons": " ".join(reasons), "score": sum(_SCORES[reason] for reason in reasons)}


def _shared() -> Iterator[tuple[str, tuple[Any, list[ColumnElement[Any]]]]]:
    """By reason: which customers, grouped by what. Namesakes are people of one birthday or businesses."""
    business = _C.kind == CustomerKind.BUSINESS
    cnpj = and_(_C.country == "BR", func.length(_C.tax_id) == _CNPJ)
    yield "tax_id", (cnpj, [func.substr(_C.tax_id, 1, _ROOT)])
    yield "tax_id", (and_(_C.tax_id != "", ~cnpj), [_C.tax_id])
    yield "email", (_C.email != "", [_C.email])
    yield "phone", (_C.phone != "", [_C.phone])
    yield "name", (or_(business, _C.birth_date.is_not(None)), [func.lower(_C.name), _C.birth_date])


def _groups(ctx: Context, shared: tuple[Any, list[ColumnElement[Any]]]) -> Iterator[list[int]]:
    condition, columns = shared
    keys = [*columns, _C.reseller_id]
    living = and_(_C.status != CustomerStatus.ARCHIVED, condition)
    many = (
        select(*(column.label(f"k{place}") for place, column in enumerate(keys)))
        .where(living)
        .group_by(*keys)
        .having(func.count().between(2, _LARGEST))
        .limit(_GROUPS)
        .subquery()
    )
    same = and_(*(column.is_not_distinct_from(many.c[f"k{place}"]) for place, column in enumerate(keys)))
    rows = ctx.session.execute(
        select(_C.id, *(many.c[f"k{place}"] for place in range(len(keys))))
        .join(many, same)
        .where(living)
        .order_by(_C.id)
    )
    groups: dict[tuple[Any, ...], list[int]] = {}
    for key, *shared_values in rows:
        groups.setdefault(tuple(shared_values), []).append(key)
    yield from groups.values()
