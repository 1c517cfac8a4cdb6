"""Pages of the catalogue."""

from trunkline_catalog.pages.composition import pages as composition_pages
from trunkline_catalog.pages.contracts import pages as contract_pages
from trunkline_catalog.pages.entry import pages as entry_pages
from trunkline_catalog.pages.orders import pages as order_pages
from trunkline_catalog.pages.plans import pages as plan_pages
from trunkline_catalog.pages.products import pages as product_pages
from trunkline_catalog.pages.services import pages as service_pages
from trunkline_catalog.pages.visits import pages as visit_pages

PAGES = (
    product_pages,
    composition_pages,
    entry_pages,
    order_pages,
    plan_pages,
    service_pages,
    contract_pages,
    visit_pages,
)
