"""A contract as PDF: the parties, the terms, what it covers and, once it is accepted, by whom and which text."""

from io import BytesIO
from pathlib import Path
from typing import Any

from trunkline.branding.brands import Brands
from trunkline.branding.documents import logo_content
from trunkline.contracts import queries
from trunkline.contracts.models import (
    AcceptedBy,
    Contract,
    ContractAcceptance,
    IndexationKind,
    PenaltyKind,
    Renewal,
)
from trunkline.contracts.terms import percent, today
from trunkline.contracts.words import (
    ACCEPTED_LABELS,
    INDEXATION_LABELS,
    PENALTY_LABELS,
    RENEWAL_LABELS,
)
from trunkline.contracts.worth import worth_of
from trunkline.customers.identity import shown_tax_id, tax_id_label
from trunkline.customers.models import Customer
from trunkline.i18n import (
    current_locale,
    format_date,
    format_datetime,
    format_money,
    format_rate,
    localize,
    ngettext,
    use_locale,
)
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline.typesetting import typeset

_TEMPLATE = Path(__file__).parent.parent / "customers" / "sheets" / "sheet.typ"
_COLOUR = "#1f4e79"


def printed(ctx: Context, contract: Contract, *, language: str = "", accepted: bool = True) -> bytes:
    """The PDF in `language` or the customer's own; `accepted` False leaves acceptances out, for a text to be accepted."""
    customer = ctx.session.get_one(Customer, contract.customer_id)
    brand = ctx.app.part(Brands).of_reseller(customer.reseller_id, ctx.session)
    spoken = language or customer.language or brand.language or ctx.app.config.language
    acceptance = queries.accepted_now(ctx, contract) if accepted else None
    with use_locale(spoken, ctx.app.config.time_zone):
        texts = {
            "lang": current_locale().partition("_")[0],
            "title": f"{contract.title} {contract.number}",
            "brand": {"name": brand.name, "support": brand.support, "colour": brand.ink or _COLOUR},
            "heading": str(_("Contract")),
            "name": contract.title,
            "number": contract.number,
            "made": str(_("As of {day}", day=format_date(localize(ctx.now())))),
            "page": str(_("Page")),
            "of": str(_("of")),
            "facts": [*_parties(brand.name, customer), *terms_in_words(contract)],
            "sections": [*_covered(ctx, contract), *_statement(acceptance)],
        }
    logo = logo_content(ctx.app, brand.logo_digest)
    return typeset(_TEMPLATE, texts, int(ctx.now().timestamp()), logo)


def as_file(ctx: Context, contract: Contract) -> BytesIO:
    """The PDF of the terms, to be kept as the text that is accepted."""
    return BytesIO(printed(ctx, contract, accepted=False))


def _parties(operator: str, customer: Customer) -> list[list[str]]:
    parties = [[str(_("Operator")), operator], [str(_("Customer")), f"{customer.name} ({customer.number})"]]
    if customer.tax_id:
        label = tax_id_label(customer.country, customer.kind)
        parties.append([str(label), shown_tax_id(customer.tax_id, customer.country)])
    return parties


def terms_in_words(contract: Contract) -> list[list[str]]:
    """Label and value of each term, in the language of the moment."""
    facts = [
        (_("Starts on"), format_date(contract.starts_on) if contract.starts_on else _("when it is accepted")),
        (
            _("Term"),
            ngettext("{n} month", "{n} months", contract.term_months)
            if contract.term_months
            else _("without an end"),
        ),
        (_("Ends on"), format_date(contract.ends_on) if contract.ends_on else ""),
        (
            _("When the term is over"),
            RENEWAL_LABELS[Renewal(contract.renewal)] if contract.term_months else "",
        ),
        (_("Notice"), ngettext("{n} day", "{n} days", contract.notice_days) if contract.notice_days else ""),
        (_("Penalty for leaving early"), _penalty(contract) if contract.term_months else ""),
        (_("Indexation"), _indexation(contract)),
    ]
    return [[str(label), str(value)] for label, value in facts if value]


def _penalty(contract: Contract) -> str:
    label = str(PENALTY_LABELS[PenaltyKind(contract.penalty)])
    if contract.penalty == PenaltyKind.SHARE:
        return f"{label}: {_share(contract.penalty_basis_points)}"
    return (
        f"{label}: {_money(contract.penalty_minor, contract.currency)}" if contract.penalty_minor else label
    )


def _indexation(contract: Contract) -> str:
    label = str(INDEXATION_LABELS[IndexationKind(contract.indexation)])
    detail = contract.index_name or (
        _share(contract.indexation_basis_points) if contract.indexation == IndexationKind.FIXED else ""
    )
    return f"{label}: {detail}" if detail else label


def _share(points: int) -> str:
    return format_rate(percent(points))


def _money(minor: int, currency: str) -> str:
    return format_money(Money.of_minor(minor, currency).micros, currency)


def _covered(ctx: Context, contract: Contract) -> list[dict[str, Any]]:
    worths = worth_of(ctx, contract, contract.starts_on or today(ctx))
    if not worths:
        return []
    rows = [[one.name, one.service, _money(one.amount_minor, one.currency)] for one in worths]
    return [
        {
            "title": str(_("Services covered")),
            "heads": [str(_("Service")), str(_("Number")), str(_("Charged a month"))],
            "rows": rows,
        }
    ]


def _statement(acceptance: ContractAcceptance | None) -> list[dict[str, Any]]:
    """Who accepted which text: what the paper says where a signature would be."""
    if acceptance is None:
        return []
    who = f"{acceptance.accepted_by} {acceptance.tax_id}".strip()
    how = " · ".join(
        filter(
            None, (str(ACCEPTED_LABELS[AcceptedBy(acceptance.how)]), acceptance.reference, acceptance.address)
        )
    )
    rows = [
        [str(_("Accepted by")), who],
        [str(_("When")), format_datetime(acceptance.accepted_at)],
        [str(_("How")), how],
        [str(_("Document")), acceptance.document_name],
        # In two lines, or it leaves no room for what it is called.
        ["SHA-256", f"{acceptance.digest[:32]} {acceptance.digest[32:]}"],
    ]
    return [{"title": str(_("Acceptance")), "heads": ["", ""], "rows": rows}]
