"""Whose it is: the customers behind a phone number, an e-mail address, a SIM, a tax id or the number of anything they have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from trunkline import plugin
from trunkline.auth.models import User
from trunkline.customers.models import Customer
from trunkline.operation import Context
from trunkline.search import tiers
from trunkline.search.folding import BACKWARDS, KEY_LENGTH, figures, fold, is_dated
from trunkline.search.lookups import look_up, written_out
from trunkline.search.models import SearchDocument
from trunkline.search.queries import Hit
from trunkline.search.writing import KindNumbers

#: As many figures of a number that are alike at its end make it likely that of the customer: a local number has eight or nine.
_ALIKE = 8
_MOST = 50
#: An address has 254 characters at most.
_LONGEST = 300
#: What telephone programs and mail programs put in front.
_SCHEME = re.compile(r"^(tel|sip|sips|callto|mailto):", re.IGNORECASE)
_FIGURES = re.compile(r"\+?\d+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Whose:
    """The customers behind a number or an address, and things it belongs to that are nobody's (a SIM in stock)."""

    customers: Sequence[Hit]
    others: Sequence[Hit] = ()
    #: The number as E.164, when it is one of a telephone.
    phone: str = ""
    #: The address, when it is one of e-mail.
    email: str = ""


def whose(ctx: Context, asked: str) -> Whose:
    """Who has this number, written in any way (first by the whole number, then by its last figures), or this e-mail address."""
    text = asked.strip()[:_LONGEST]
    scheme = _SCHEME.match(text)
    text = text[scheme.end() :].strip() if scheme else text
    name = text.partition("@")[0].strip()
    if "@" in text and (scheme is None or scheme.group(1).lower() == "mailto"):
        found = _whose_address(ctx, text.partition("?")[0])
        # Some telephone programs leave the scheme out: 5551991234567@pbx.example.
        if found.customers or found.others or not _FIGURES.fullmatch(name):
            return found
    return _whose_number(ctx, name)


def _whose_address(ctx: Context, email: str) -> Whose:
    """Who is written to there: customers, the people they know, and those who sign in to the portal."""
    found = _documents(ctx, tiers.exactly(ctx, _numbers(ctx), [fold(email)[:KEY_LENGTH]], _MOST))
    owners, others = _owners(found)
    by_account = select(col(User.customer_id)).where(
        col(User.email) == email.lower(), col(User.customer_id).is_not(None)
    )
    owners |= {key for key in ctx.session.scalars(by_account) if key is not None}
    return Whose(_customers(ctx, owners), others, email=email)


def _whose_number(ctx: Context, text: str) -> Whose:
    phone = _as_phone(ctx, text)
    digits = figures(text)
    keys = {fold(text), digits, figures(phone), digits.lstrip("0")} - {""}
    if is_dated(text) or (_LETTER.search(text) and len(digits.lstrip("0")) < _ALIKE):
        # Who writes S000002 or INV-2026-000002 names one thing: its few figures alone are in numbers of others too.
        keys = {fold(text)}
    keys |= set(written_out(ctx, text))
    if not keys:
        return Whose((), (), phone)
    numbers = _numbers(ctx)
    found = _documents(ctx, tiers.exactly(ctx, numbers, sorted(keys), _MOST))
    if not found and len(digits.lstrip("0")) >= _ALIKE:
        found = _documents(ctx, tiers.by_key(ctx, numbers, [BACKWARDS + digits.lstrip("0")[::-1]], _MOST))
    owners, others = _owners(found)
    for _lookup, documents in look_up(ctx, text, _MOST, numbers_only=True):
        its_owners, its_others = _owners(documents)
        owners, others = owners | its_owners, [*others, *its_others]
    return Whose(_customers(ctx, owners), others, phone)


def _numbers(ctx: Context) -> list[int]:
    return list(ctx.app.part(KindNumbers).known(ctx, list(ctx.app.search_kinds)).values())


def _owners(found: Sequence[SearchDocument] | Sequence[plugin.SearchDocument]) -> tuple[set[int], list[Hit]]:
    """The customers whose things these are, and the things that are nobody's."""
    nobodys = [one for one in found if one.customer_id is None]
    owners = {one.customer_id for one in found if one.customer_id is not None}
    return owners, [Hit.model_validate(one, from_attributes=True) for one in nobodys]


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
