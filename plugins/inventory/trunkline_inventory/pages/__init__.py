"""Pages of inventory."""

from trunkline_inventory.pages.bulk import pages as bulk_pages
from trunkline_inventory.pages.items import pages as item_pages
from trunkline_inventory.pages.setup import pages as setup_pages

PAGES = (item_pages, bulk_pages, setup_pages)
