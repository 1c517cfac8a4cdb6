"""HTML pages of billing."""

from trunkline_billing.pages import books, customers, figures, invoices, payments, refunds, runs, tariffs

PAGES = (
    invoices.PAGES,
    payments.PAGES,
    refunds.PAGES,
    tariffs.PAGES,
    runs.PAGES,
    books.PAGES,
    customers.PAGES,
    figures.PAGES,
)
