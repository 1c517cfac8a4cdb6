"""Whose number it is: the customers behind a phone number, a SIM, a tax id or the number of anything they have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.operation import Context
from trunkline.search import tiers
from trunkline.search.folding import BACKWARDS, figures, fold, is_dated
from trunkline.search.models import SearchDocument
from trunkline.search.queries import Hit
from trunkline.search.writing import KindNumbers

#: As many figures of a number that are alike at its end make it likely that of the customer: a local number has eight or nine.
_ALIKE = 8
_MOST = 50
#: What telephone programs put in front.
_SCHEME = re.compile(r"^(tel|sip|sips|callto):", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Whose:
    """The customers behind a number, and things it belongs to that are nobody's (a SIM in stock)."""

    customers: Sequence[Hit]
    others: Sequence[Hit] = ()
    #: The number as E.164, when it is one of a telephone.
    phone: str = ""


def whose(ctx: Context, number: str) -> Whose:
    """Who has this number, written in any way; first by the whole number, then by its last figures."""
    text = _SCHEME.sub("", number.strip()[:100]).partition("@")[0].strip()
    phone = _as_phone(ctx, text)
    digits = figures(text)
    keys = {fold(text), digits, figures(phone), digits.lstrip("0")} - {""}
    if is_dated(text) or (_LETTER.search(text) and len(digits.lstrip("0")) < _ALIKE):
        # Who writes S000002 or INV-2026-000002 names one thing: its few figures alone are in numbers of others too.
        keys = {fold(text)}
    numbers = list(ctx.app.part(KindNumbers).known(ctx, list(ctx.app.search_kinds)).values())
    if not keys or not numbers:
        return Whose((), (), phone)
    found = _documents(ctx, tiers.exactly(ctx, numbers, sorted(keys), _MOST))
    if not found and len(digits.lstrip("0")) >= _ALIKE:
        found = _documents(ctx, tiers.by_key(ctx, numbers, [BACKWARDS + digits.lstrip("0")[::-1]], _MOST))
    owners = {one.customer_id for one in found if one.customer_id is not None}
    others = [Hit.model_validate(one, from_attributes=True) for one in found if one.customer_id is None]
    return Whose(_customers(ctx, owners), others, phone)


def _documents(ctx: Context, keys: Sequence[int]) -> list[SearchDocument]:
    rows = ctx.session.scalars(ctx.visible(SearchDocument).where(col(SearchDocument.id).in_(keys)))
    return [row for row in rows if ctx.actor.may(row.permission)]


def _customers(ctx: Context, keys: set[int]) -> list[Hit]:
    if not keys or not ctx.actor.may("core.customer.view"):
        return []
    rows = ctx.session.execute(
        select(col(Customer.number), col(Customer.name), col(Customer.kind))
        .where(col(Customer.id).in_(keys), *ctx.visible_conditions(Customer))
        .order_by(col(Customer.name))
    )
    return [
        Hit(
            kind="customer",
            title=row.name,
            subtitle=row.number,
            path=f"/customers/{row.number}",
            icon="building" if row.kind == "business" else "user",
        )
        for row in rows
    ]


def _as_phone(ctx: Context, text: str) -> str:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text, ctx.app.config.country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
