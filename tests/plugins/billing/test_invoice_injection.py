"""What stands in a name is printed on the invoice, not run by what sets it."""

import zlib
from dataclasses import replace
from datetime import date

import pytest

from trunkline.money import Money
from trunkline_billing.schemas import InvoiceView
from trunkline_billing.typesetting import render_invoice

_NOTHING = Money(0, "BRL")
_INVOICE = InvoiceView(
    id=1,
    number="F00000001",
    account_id=1,
    account_number="A000001",
    customer_id=1,
    period="2026-10",
    issued_on=date(2026, 11, 1),
    due_date=date(2026, 11, 16),
    status="open",
    net=_NOTHING,
    tax=_NOTHING,
    total=_NOTHING,
    paid=_NOTHING,
    customer={"name": "Ana", "number": "C000001"},
    operator={"name": "Operator", "language": "en"},
)


@pytest.mark.parametrize(
    "text",
    [
        '#panic("run")',
        '#read("/etc/passwd")',
        '"; #panic("run") //',
        "$#panic()$",
        "] #panic() [",
        "\\#{panic()}",
        "{{7*7}}",
    ],
)
def test_typst_takes_names_for_text(text: str) -> None:
    named = replace(
        _INVOICE,
        customer={**_INVOICE.customer, "name": text, "tax_id": text, "address": text, "street": text},
        operator={**_INVOICE.operator, "name": text, "address": text, "contact": text},
    )
    content = render_invoice(named)
    assert content.startswith(b"%PDF-")
    assert b"root:" not in _streams(content)


def _streams(content: bytes) -> bytes:
    """What the document's packed parts hold."""
    read = b""
    for part in content.split(b"stream\n")[1:]:
        try:
            read += zlib.decompressobj().decompress(part)
        except zlib.error:
            continue
    return read
