"""Pages of the catalogue."""

from trunkline_catalog.pages import entry, orders, products, services

PAGES = (products.pages, entry.pages, orders.pages, services.pages)
