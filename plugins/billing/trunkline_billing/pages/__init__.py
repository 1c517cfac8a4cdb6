"""HTML pages of billing."""

from trunkline_billing.pages import books, customers, invoices, payments, refunds, runs, tariffs

PAGES = (
    invoices.PAGES,
    payments.PAGES,
    refunds.PAGES,
    tariffs.PAGES,
    runs.PAGES,
    books.PAGES,
    customers.PAGES,
)
