"""REST of the catalog: products, orders, services."""

from trunkline_catalog.rest import lifecycle, orders, products, services

ROUTES = [products.rest, orders.rest, services.rest, lifecycle.rest]
