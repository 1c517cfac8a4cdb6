"""Tables of the catalog whose rows belong to customers."""

from trunkline.customers.merging.rows import CustomerRows
from trunkline.i18n import gettext as _
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine, CatalogService

CUSTOMER_ROWS = (
    CustomerRows(CatalogService, _("Services")),
    CustomerRows(CatalogOrder, _("Orders")),
    CustomerRows(CatalogOrderLine, ""),
)
