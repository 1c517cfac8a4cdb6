"""Who is erased: gathering the keys, and the words by which others' rows may name the person."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth.models import User
from trunkline.customers.erasing.parts import Person
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.models import Contact, Customer
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.operation import Context
from trunkline.web.writing import phone_text

#: A shorter word is in too many others.
_SHORTEST = 6


def person_of(ctx: Context, customer: Customer) -> Person:
    """The customer with all who were merged into it, and their portal users."""
    customers = _with_merged(ctx, customer)
    keys = tuple(one.key for one in customers)
    users = ctx.session.scalars(select(User).where(col(User.customer_id).in_(keys))).all()
    contacts = ctx.session.scalars(select(Contact).where(col(Contact.customer_id).in_(keys))).all()
    addresses = _addresses(customers, users, contacts)
    names = {one.name for one in users} | {one.name for one in contacts}
    names |= {text for one in customers for text in (one.name, one.legal_name)}
    return Person(
        customer_id=customer.key,
        number=customer.number,
        pseudonym=pseudonym(ctx, customer.number),
        customer_ids=keys,
        numbers=tuple(one.number for one in customers),
        user_ids=tuple(user.key for user in users),
        user_names=tuple(user.name for user in users),
        called=_long(addresses | {name for name in names if " " in name.strip()}),
        addresses=_long(addresses),
    )


def pseudonym(ctx: Context, number: str) -> str:
    """What stands in the place of the name, in the operator's language; it tells nothing but the number."""
    with use_locale(ctx.app.config.language):
        return str(_("Erased customer {number}", number=number))


def _with_merged(ctx: Context, customer: Customer) -> list[Customer]:
    found, newest = [customer], [customer.key]
    while newest:
        merged = ctx.session.scalars(
            select(Customer).where(col(Customer.merged_into_id).in_(newest)).order_by(col(Customer.id))
        ).all()
        found += merged
        newest = [one.key for one in merged]
    return found


def _addresses(customers: Iterable[Customer], users: Iterable[User], contacts: Iterable[Contact]) -> set[str]:
    found = {
        text
        for one in customers
        for text in (one.tax_id, shown_tax_id(one.tax_id, one.country), one.identity_document)
    }
    reached: tuple[Any, ...] = (*customers, *users, *contacts)
    for one in reached:
        found |= {one.email or "", one.phone, phone_text(one.phone) if one.phone else ""}
    return found | {user.pending_email or "" for user in users}


def _long(words: set[str]) -> tuple[str, ...]:
    return tuple(sorted(word.strip() for word in words if len(word.strip()) >= _SHORTEST))
