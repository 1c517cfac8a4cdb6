"""HTML pages of billing."""

from trunkline_billing.pages import books, customers, invoices, payments, runs, tariffs

PAGES = (invoices.PAGES, payments.PAGES, tariffs.PAGES, runs.PAGES, books.PAGES, customers.PAGES)
