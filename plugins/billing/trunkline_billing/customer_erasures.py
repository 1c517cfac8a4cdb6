"""What becomes of billing's rows when a person is erased: fiscal documents stay as they are until their retention is over."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from trunkline.customers.erasing.parts import (
    Erased,
    ErasedOtherwise,
    ErasedRows,
    Fate,
    Hindrance,
    Person,
    of_customer,
    unless_theirs,
)
from trunkline.i18n import format_money
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_billing.documents import discard_documents
from trunkline_billing.models import (
    BillingAccount,
    BillingAllowance,
    BillingCharge,
    BillingEntry,
    BillingInvoice,
    BillingInvoiceDocument,
    BillingInvoiceLine,
    BillingPayment,
    BillingRefund,
    BillingSubscription,
    BillingUsage,
)
from trunkline_billing.models.accounts import AccountState
from trunkline_billing.models.payments import RefundState
from trunkline_billing.queries.accounts import accounts_of

_FISCAL = _("Fiscal document")
_CALLS = _("Record of use that invoices rest on")


def _of_invoices(model: Any) -> Callable[[Person], ColumnElement[bool]]:
    theirs = of_customer(BillingInvoice)
    return lambda person: col(model.invoice_id).in_(select(col(BillingInvoice.id)).where(theirs(person)))


def _nobody(person: Person, table: Any) -> dict[str, Any]:
    """What an invoice says of its customer in the end."""
    return {"name": person.pseudonym, "number": person.number, "tax_id": "", "address": []}


def _invoices(ctx: Context, person: Person) -> list[int]:
    found = ctx.session.scalars(select(col(BillingInvoice.id)).where(of_customer(BillingInvoice)(person)))
    return [key for key in found if key is not None]


CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(
        BillingAccount,
        _("Accounts"),
        of_customer(BillingAccount),
        {"name": "", "state": AccountState.CLOSED},
    ),
    ErasedRows(
        BillingPayment,
        "",
        of_customer(BillingPayment),
        {"note": "", "taken_by": unless_theirs("taken_by")},
    ),
    ErasedRows(BillingRefund, "", of_customer(BillingRefund), {"made_by": unless_theirs("made_by")}),
    ErasedRows(BillingSubscription, "", of_customer(BillingSubscription), {}),
    ErasedRows(BillingAllowance, "", of_customer(BillingAllowance), {}),
    ErasedRows(
        BillingInvoiceLine,
        "",
        _of_invoices(BillingInvoiceLine),
        {"description": ""},
        ground=_FISCAL,
        dated=col(BillingInvoiceLine.last_day),
    ),
    ErasedOtherwise(
        "billing_invoice_files",
        "",
        Fate.KEPT,
        lambda ctx, person: 0,
        lambda ctx, person: discard_documents(ctx, _invoices(ctx, person)),
    ),
    ErasedRows(
        BillingInvoiceDocument,
        "",
        _of_invoices(BillingInvoiceDocument),
        ground=_FISCAL,
        dated=col(BillingInvoiceDocument.rendered_at),
    ),
    ErasedRows(
        BillingInvoice,
        _("Invoices"),
        of_customer(BillingInvoice),
        {"customer": _nobody, "void_reason": ""},
        ground=_FISCAL,
        dated=col(BillingInvoice.issued_on),
    ),
    ErasedRows(
        BillingPayment,
        _("Payments"),
        of_customer(BillingPayment),
        {"reference": "", "reverse_reason": ""},
        ground=_FISCAL,
        dated=col(BillingPayment.received_at),
    ),
    ErasedRows(
        BillingRefund,
        _("Refunds"),
        of_customer(BillingRefund),
        {"reference": "", "reason": "", "failure": ""},
        ground=_FISCAL,
        dated=col(BillingRefund.made_at),
    ),
    ErasedRows(
        BillingCharge,
        _("Charges"),
        of_customer(BillingCharge),
        {"description": ""},
        ground=_FISCAL,
        dated=col(BillingCharge.at),
    ),
    ErasedRows(
        BillingEntry,
        _("Entries in the books"),
        of_customer(BillingEntry),
        {"text": ""},
        ground=_FISCAL,
        dated=col(BillingEntry.at),
    ),
    ErasedRows(
        BillingUsage,
        _("Calls, messages and data"),
        of_customer(BillingUsage),
        ground=_CALLS,
        dated=col(BillingUsage.start),
    ),
)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Money that is owed either way, or not invoiced yet, and refunds on their way."""
    found = []
    for key in person.customer_ids:
        for account in accounts_of(ctx, key):
            if account.balance.micros or account.unbilled.micros:
                open_ = account.balance if account.balance.micros else account.unbilled
                found.append(
                    Hindrance(
                        str(
                            _(
                                "Account {number} is not settled: {amount}.",
                                number=account.number,
                                amount=format_money(open_.micros, open_.currency),
                            )
                        ),
                        str(_("Have it paid, invoiced, credited or given back first.")),
                        f"/customers/{person.number}/billing",
                    )
                )
    refund = ctx.session.scalars(
        select(BillingRefund).where(
            of_customer(BillingRefund)(person), col(BillingRefund.state) == RefundState.UNDER_WAY
        )
    ).first()
    if refund is not None:
        found.append(
            Hindrance(
                str(_("Refund {number} is under way.", number=refund.number)),
                str(_("Wait until it has arrived.")),
                f"/billing/refunds/{refund.number}",
            )
        )
    return found
