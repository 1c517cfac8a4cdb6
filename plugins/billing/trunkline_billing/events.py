"""What billing tells the rest."""

from typing import ClassVar

from trunkline.events import Event


class AccountOpened(Event):
    """An account was opened for a customer."""

    name: ClassVar[str] = "account.opened"
    number: str


class InvoiceIssued(Event):
    """One invoice was issued by itself; those of a run come together in `billing_run.advanced`."""

    name: ClassVar[str] = "invoice.issued"
    number: str
    account_id: int


class InvoiceVoided(Event):
    """An invoice does not count any more; its number stays used and its charges wait for the next one."""

    name: ClassVar[str] = "invoice.voided"
    number: str
    account_id: int


class CreditGiven(Event):
    """An amount, net of tax, comes off the account's next invoices; `entity_id` is the credit's charge."""

    name: ClassVar[str] = "credit.given"
    account_id: int
    amount_micros: int
    currency: str


class BillingRunAdvanced(Event):
    """A run issued a batch of invoices; `entity_id` is the run's key."""

    name: ClassVar[str] = "billing_run.advanced"
    period: str
    invoice_ids: tuple[int, ...]


class PaymentReceived(Event):
    """Money came in and was allocated."""

    name: ClassVar[str] = "payment.received"
    number: str
    account_id: int
    amount_micros: int
    currency: str


class PaymentsReceived(Event):
    """Several payments came in at once (a bank's file, sample data); `entity_id` is the last one's key."""

    name: ClassVar[str] = "payments.received"
    count: int


class PaymentReversed(Event):
    """A payment was taken back; its invoices are open again."""

    name: ClassVar[str] = "payment.reversed"
    number: str
    account_id: int


class RefundPaid(Event):
    """Money of a payment was given back."""

    name: ClassVar[str] = "refund.paid"
    number: str
    payment_number: str
    account_id: int
    amount_micros: int
    currency: str


class RefundFailed(Event):
    """A refund did not arrive; the money is the account's credit again."""

    name: ClassVar[str] = "refund.failed"
    number: str
    payment_number: str
    account_id: int


class TaxSchemeCreated(Event):
    """A tax scheme was added; as the default one it is that of invoices to come."""

    name: ClassVar[str] = "tax_scheme.created"
    scheme: str
    is_default: bool


class TariffImported(Event):
    """Rates of a tariff were added or changed from a file; `tariff` is its name."""

    name: ClassVar[str] = "tariff.imported"
    tariff: str
    created: int
    updated: int


class UsageImported(Event):
    """A batch of a file's usage records was rated and kept; `source` says whose they are. `entity_id` is 0."""

    name: ClassVar[str] = "usage.imported"
    source: str
    read: int
    created: int
    refused: int


EVENTS = (
    AccountOpened,
    InvoiceIssued,
    InvoiceVoided,
    CreditGiven,
    BillingRunAdvanced,
    PaymentReceived,
    PaymentsReceived,
    PaymentReversed,
    RefundPaid,
    RefundFailed,
    TaxSchemeCreated,
    TariffImported,
    UsageImported,
)
