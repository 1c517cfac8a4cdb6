"""What products cost now and include a month: many at once, for a page about a customer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, or_, select

from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_catalog.models import CatalogPrice, CatalogProduct, CatalogService
from trunkline_catalog.schemas import ProductKind

_PRODUCT, _PRICE, _SERVICE = columns(CatalogProduct), columns(CatalogPrice), columns(CatalogService)
# What is in force at some moment between two: of a product whose price changes between them, there are two rows.
_TERMS = select(
    _PRODUCT.code,
    _PRODUCT.kind,
    _PRODUCT.needs,
    _PRODUCT.allowances,
    _PRICE.effective_from,
    _PRICE.effective_to,
    _PRICE.monthly_micros,
    _PRICE.currency,
).outerjoin_from(
    _PRODUCT.id.table,
    _PRICE.id.table,
    and_(
        _PRICE.product_id == _PRODUCT.id,
        _PRICE.effective_from < bindparam("until"),
        or_(_PRICE.effective_to.is_(None), _PRICE.effective_to > bindparam("since")),
    ),
)
_TERMS_OF_CODES = Prepared(_TERMS.where(_PRODUCT.code.in_(among("codes"))))
_TERMS_OF_CUSTOMER = Prepared(
    _TERMS.where(
        _PRODUCT.id.in_(select(_SERVICE.product_id).where(_SERVICE.customer_id == bindparam("customer_id")))
    )
)


def included(
    ctx: Context, codes: Iterable[str], *, customer_id: int | None = None
) -> dict[str, Mapping[str, int]]:
    """What services of these products include a month by themselves: quantities (bytes, seconds, messages) by the type of use.

    What add-ons include for the service that they are added to, `added_allowances` tells. See `terms_of` for `customer_id`.
    """
    return {code: terms.included for code, terms in terms_of(ctx, codes, customer_id=customer_id).items()}


@dataclass(frozen=True, slots=True)
class Terms:
    """What services of a product include a month by themselves, and what they cost a month now, if it has a price."""

    included: Mapping[str, int]
    monthly: Money | None


def terms_of(ctx: Context, codes: Iterable[str], *, customer_id: int | None = None) -> Mapping[str, Terms]:
    """At least those of these products; `customer_id` says whose services they are, where the caller knows.

    Then they are asked by the customer, which needs no other answer first: a page asks that together with all else.
    """
    wanted = set(codes)
    if not wanted:
        return {}
    found: Mapping[str, Terms] = {}
    if customer_id is not None:
        found = ctx.once(
            ("catalog.terms_of_customer", customer_id),
            lambda: _terms_by(ctx, _TERMS_OF_CUSTOMER, customer_id=customer_id),
        )
    if others := tuple(sorted(wanted - found.keys())):
        asked = ctx.once(("catalog.terms", others), lambda: _terms_by(ctx, _TERMS_OF_CODES, codes=others))
        found = {**found, **asked}
    return found


def _terms_by(ctx: Context, question: Prepared, **values: object) -> dict[str, Terms]:
    now = ctx.now()
    # By the minute, so that page after page asks the same.
    since = now.replace(second=0, microsecond=0)
    found: dict[str, Terms] = {}
    for row in question.rows(ctx, since=since, until=since + timedelta(minutes=1), **values):
        ended = row.effective_to is not None and row.effective_to <= now
        in_force = row.currency is not None and row.effective_from <= now and not ended
        if in_force or row.code not in found:
            monthly = Money(row.monthly_micros, row.currency) if in_force else None
            found[row.code] = Terms(_included(row), monthly)
    return found


def _included(row: Found) -> dict[str, int]:
    sums: dict[str, int] = {}
    if row.kind == ProductKind.ADD_ON and not row.needs:
        return sums
    for allowance in row.allowances:
        sums[allowance["type"]] = sums.get(allowance["type"], 0) + int(allowance["quantity"])
    return sums
