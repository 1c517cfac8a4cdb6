"""What changes state in billing."""

from trunkline_billing.operations.accounts import default_account, open_account
from trunkline_billing.operations.charges import (
    ChargeService,
    charge_service,
    charge_services,
    continue_charging,
    stop_charging,
    undo_charging,
)
from trunkline_billing.operations.crediting import give_credit
from trunkline_billing.operations.invoices import issue_invoice, void_invoice
from trunkline_billing.operations.payments import record_payment, record_payments, reverse_payment
from trunkline_billing.operations.refunds import fail_refund, refund_payment, settle_refund
from trunkline_billing.operations.runs import (
    RunProgress,
    advance,
    check_over,
    due_periods,
    run_billing,
    run_period,
)
from trunkline_billing.operations.taking import take_payment
from trunkline_billing.operations.taxes import create_tax_scheme

__all__ = [
    "ChargeService",
    "RunProgress",
    "advance",
    "charge_service",
    "charge_services",
    "check_over",
    "continue_charging",
    "create_tax_scheme",
    "default_account",
    "due_periods",
    "fail_refund",
    "give_credit",
    "issue_invoice",
    "open_account",
    "record_payment",
    "record_payments",
    "refund_payment",
    "reverse_payment",
    "run_billing",
    "run_period",
    "settle_refund",
    "stop_charging",
    "take_payment",
    "undo_charging",
    "void_invoice",
]
