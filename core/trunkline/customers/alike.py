"""Whether somebody about to be registered is registered already: told while the form is filled in, asked before it is done."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from trunkline.customers import identity
from trunkline.customers.merging.candidates import REASONS, Candidate, like_new
from trunkline.customers.models import Customer
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context

#: What is compared with those who are registered while somebody is typed.
NOTED = ("name", "tax_id", "email", "phone")
#: More would only be noise.
_TOLD = 5


def require_unlike(ctx: Context, customer: Customer, postal_code: str, despite: Collection[str]) -> None:
    """Raises Conflict (field `despite`) naming those who may be the same, unless `despite` has the number of each."""
    found = [one for one in like_new(ctx, customer, postal_code)[:_TOLD] if one.number not in despite]
    if found:
        told = "; ".join(
            f"{one.name} ({one.number}): {', '.join(reasons_of(customer, one))}" for one in found
        )
        raise Conflict(
            _("May be registered already: {told}.", told=told),
            field="despite",
            remedy=_("Open that customer instead, or say that it is somebody else."),
        )


def typed(values: Mapping[str, Any], kind: str, country: str, reseller_id: int | None) -> Customer:
    """Who somebody half typed so far would be: what cannot be read yet counts as empty. It belongs to no session."""
    home = str(values.get("country") or country)
    return Customer(
        number="",
        kind=kind,
        name=str(values.get("name") or "").strip(),
        country=home,
        reseller_id=reseller_id,
        tax_id=_read(lambda: identity.check_tax_id(str(values.get("tax_id") or ""), home, kind)),
        email=_read(lambda: identity.check_email(str(values.get("email") or ""))),
        phone=_read(lambda: identity.check_phone(str(values.get("phone") or ""), home)),
        birth_date=_day(str(values.get("birth_date") or "")),
    )


def who_is_like(ctx: Context, values: Mapping[str, Any], kind: str) -> tuple[Customer, Sequence[Candidate]]:
    """Who is typed in a form so far, and the visible customers who may be the same, likeliest first."""
    customer = typed(values, kind, ctx.app.config.country, ctx.actor.scope.reseller_id)
    code = str(values.get("address.postal_code") or "")
    postal_code = _read(lambda: identity.check_postal_code(code, customer.country))
    return customer, like_new(ctx, customer, postal_code)[:_TOLD]


def told(ctx: Context, values: Mapping[str, Any], kind: str, despite: Sequence[str]) -> Mapping[str, Any]:
    """What the box of those who may be the same shows; `despite` are those of whom the clerk said that it is somebody else."""
    customer, found = who_is_like(ctx, values, kind)
    return {
        "alike": [(one, dict(zip(one.reasons, reasons_of(customer, one), strict=True))) for one in found],
        "noted": NOTED,
        "despite": despite,
        # With the same tax id nobody is somebody else.
        "same": [one.number for one in found if customer.tax_id and one.tax_id == customer.tax_id],
    }


#: What the box shows before anything was sent.
NOTHING_TOLD: Mapping[str, Any] = {"alike": (), "noted": NOTED, "despite": (), "same": ()}


def reasons_of(customer: Customer, one: Candidate) -> list[str]:
    """Why they may be the same, in words."""
    branch = "tax_id" in one.reasons and one.tax_id != customer.tax_id
    words = {**REASONS, "tax_id": _("Company of the same CNPJ")} if branch else REASONS
    return [str(words[reason]) for reason in one.reasons]


def _read(check: Callable[[], str]) -> str:
    with suppress(Refused):
        return check()
    return ""


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None
