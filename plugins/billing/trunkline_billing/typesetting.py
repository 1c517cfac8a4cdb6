"""Setting an invoice as PDF with typst: texts in the customer's language are made here, the look is in `typst/invoice.typ`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trunkline.i18n import format_date, format_money, format_number, format_rate, use_locale
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.typesetting import typeset
from trunkline_billing.schemas import InvoiceLineView, InvoiceView

_COLOUR = "#1f4e79"
_TEMPLATE = Path(__file__).parent / "typst" / "invoice.typ"


def render_invoice(invoice: InvoiceView, logo: bytes = b"") -> bytes:
    """The PDF of an invoice as it was issued. The same invoice and logo give the same bytes, paid or not."""
    with use_locale(str(invoice.customer.get("language") or invoice.operator.get("language") or "en")):
        texts = texts_of(invoice)
    made = datetime(invoice.issued_on.year, invoice.issued_on.month, invoice.issued_on.day, tzinfo=UTC)
    return typeset(_TEMPLATE, texts, int(made.timestamp()), logo)


def texts_of(invoice: InvoiceView) -> dict[str, Any]:
    """All that an invoice says, in the language in force."""
    from trunkline.i18n import current_locale

    operator = invoice.operator
    # A reseller's customers know its brand; the operator, who issues the invoice, stands below it.
    brand = operator.get("brand", {})
    name = brand.get("name") or operator["name"]
    return {
        "title": f"{name} {invoice.number}",
        "lang": current_locale().partition("_")[0],
        "year": invoice.issued_on.year,
        "month": invoice.issued_on.month,
        "day": invoice.issued_on.day,
        "number": invoice.number,
        "notice": str(_("No fiscal value")) if operator.get("fiscal_notice") else "",
        "brand": {
            "name": name,
            "colour": brand.get("colour") or _COLOUR,
            "contact": brand.get("support", "") if brand.get("name") else operator.get("contact", ""),
            "issuer": str(_("Issued by {name}", name=operator["name"])) if brand.get("name") else "",
        },
        "operator": {
            "name": operator["name"],
            "tax_id": operator.get("tax_id", ""),
            "address": _lines(operator.get("address", "")),
        },
        "customer": {
            "name": invoice.customer["name"],
            "tax_id": invoice.customer.get("tax_id", ""),
            "address": list(invoice.customer.get("address", ())),
        },
        "facts": [
            [str(_("Customer")), invoice.customer["number"]],
            [str(_("Account")), invoice.account_number],
            [str(_("Month")), _month(invoice)],
            [str(_("Issued")), format_date(invoice.issued_on)],
        ],
        "total": _money(invoice.total),
        "due_date": format_date(invoice.due_date),
        "sections": _sections(invoice),
        "totals": _totals(invoice),
        "words": _words(),
    }


def _words() -> dict[str, str]:
    return {
        "invoice": str(_("Invoice")),
        "bill_to": str(_("Bill to")),
        "tax_id": str(_("Tax id")),
        "total_due": str(_("Total to pay")),
        "due_date": str(_("Due date")),
        "total": str(_("Total")),
        "page": str(_("Page")),
        "of": str(_("of")),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _money(amount: Money) -> str:
    return format_money(amount.micros, amount.currency)


def _month(invoice: InvoiceView) -> str:
    from babel.dates import format_skeleton

    from trunkline.i18n import babel_locale, current_locale
    from trunkline_billing.periods import Period

    return str(
        format_skeleton(
            "yMMMM", Period.parse(invoice.period).first_day, locale=babel_locale(current_locale())
        )
    )


def _sections(invoice: InvoiceView) -> list[dict[str, Any]]:
    found = []
    groups: Sequence[tuple[str, Sequence[str]]] = (
        (str(_("Monthly charges")), ("monthly", "suspension")),
        (str(_("Set-up")), ("setup",)),
        (str(_("Usage")), ("usage",)),
        (str(_("Early termination")), ("penalty",)),
        (str(_("Credits")), ("credit",)),
    )
    for title, kinds in groups:
        rows = [_row(line) for line in invoice.lines if line.kind in kinds]
        if rows:
            heads = [str(_("Description")), str(_("Period")), str(_("Quantity")), str(_("Amount"))]
            found.append({"title": title, "heads": heads, "rows": rows})
    return found


def _row(line: InvoiceLineView) -> Mapping[str, str]:
    usage, sub = line.kind == "usage", line.service_number
    if usage and line.usage_type in ("voice", "data"):
        sub += f" · {format_number(line.count)} ×"
    sub = " · ".join(filter(None, (sub, line.note)))
    dates = format_date(line.first_day, style="short")
    if line.last_day != line.first_day:
        dates += f" – {format_date(line.last_day, style='short')}"
    return {
        # The heading above says already what is set-up.
        "text": line.text if usage else line.description,
        "sub": sub,
        "dates": dates,
        "quantity": line.quantity_text,
        "amount": _money(line.net),
    }


def _totals(invoice: InvoiceView) -> list[list[str]]:
    pairs = [[str(_("Net")), _money(invoice.net)]]
    pairs += [
        [f"{tax.name} {format_rate(tax.rate_millionths / 10_000)}", _money(tax.tax)] for tax in invoice.taxes
    ]
    return pairs
