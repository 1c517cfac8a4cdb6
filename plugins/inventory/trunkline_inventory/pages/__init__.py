"""Pages of inventory."""

from trunkline_inventory.pages import bulk, items, setup

PAGES = (items.pages, bulk.pages, setup.pages)
