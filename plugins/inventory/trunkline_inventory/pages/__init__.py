"""Pages of inventory."""

from trunkline_inventory.pages.items import pages as item_pages
from trunkline_inventory.pages.setup import pages as setup_pages

PAGES = (item_pages, setup_pages)
