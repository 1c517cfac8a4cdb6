"""The lines of an invoice as a file, for those who check thousands of them in a spreadsheet."""

from decimal import Decimal

from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.operation import Context
from trunkline.web.table_export import Export, Format, export_rows
from trunkline_billing.queries.invoices import invoice
from trunkline_billing.schemas import InvoiceLineView
from trunkline_billing.words import adjustment_text


def invoice_lines(ctx: Context, number: str, wanted: Format) -> Export:
    """Every line of the invoice in the reader's words, `INV-….csv` or `.xlsx`. Raises NotFound when it is out of sight."""
    found = invoice(ctx, number)
    heads = (
        _("Line"),
        _("Service"),
        _("Contract"),
        _("Description"),
        _("Adjusted"),
        pgettext("range", "From"),
        pgettext("range", "To"),
        _("Quantity"),
        _("Net"),
        _("Tax"),
        _("Currency"),
    )
    return export_rows(found.number, [str(head) for head in heads], map(_cells, found.lines), wanted)


def _cells(line: InvoiceLineView) -> tuple[object, ...]:
    return (
        line.seq,
        line.service_number,
        line.contract_number,
        line.text,
        adjustment_text(line.adjusted),
        line.first_day,
        line.last_day,
        line.quantity_text,
        Decimal(str(line.net)),
        Decimal(str(line.tax)),
        line.net.currency,
    )
