"""Who may do what with products, orders and services."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Permission

_CARE = ("supervisor", "customer_care", "provisioning_engineer")
_SELLERS = (*_CARE, "dealer")
_ON_DUTY = (*_CARE, "duty_officer")
_READERS = (
    *_SELLERS,
    "care_reader",
    "product_manager",
    "accountant",
    "cashier",
    "field_technician",
    "pbx_administrator",
    "duty_officer",
    "auditor",
)

PERMISSIONS = (
    Permission("catalog.product.list", _("List products"), _READERS),
    Permission("catalog.product.view", _("See a product and its prices"), _READERS),
    Permission("catalog.product.create", _("Make products"), ("product_manager",)),
    Permission("catalog.product.edit", _("Change products"), ("product_manager",)),
    Permission("catalog.product.archive", _("Take products off the market"), ("product_manager",)),
    Permission("catalog.price.change", _("Change prices"), ("product_manager",)),
    Permission("catalog.order.list", _("List orders"), _READERS),
    Permission("catalog.order.view", _("See an order"), _READERS),
    Permission(
        "catalog.visit.list",
        _("See what is to be done at the customers one looks after"),
        ("field_technician",),
    ),
    Permission("catalog.order.create", _("Place orders"), _SELLERS),
    Permission(
        "catalog.dry_run.create", _("Try orders out before they are placed"), (*_SELLERS, "duty_officer")
    ),
    Permission("catalog.order.cancel", _("Cancel order lines before activation"), _SELLERS),
    Permission("catalog.order.move", _("Give orders that wait another date"), _SELLERS),
    Permission("catalog.order.retry", _("Try failed order lines again"), _ON_DUTY),
    Permission("catalog.order.export", _("Export orders to files"), ("supervisor", "accountant", "auditor")),
    Permission("catalog.order.run", _("Carry out order lines (what the worker does)")),
    Permission("catalog.service.list", _("List services"), _READERS),
    Permission("catalog.service.view", _("See a service"), _READERS),
    Permission("catalog.service.change", _("Change services: SIM, number, parameters"), _CARE),
    Permission("catalog.service.assign", _("Put services under contracts, and take them out"), _CARE),
    Permission("catalog.service.suspend", _("Suspend services"), _ON_DUTY),
    Permission("catalog.service.resume", _("Resume services"), _ON_DUTY),
    Permission("catalog.service.terminate", _("Terminate services"), _CARE),
    Permission("catalog.service.import", _("Record services that exist already"), ("supervisor",)),
    Permission(
        "catalog.service.export", _("Export services to files"), ("supervisor", "accountant", "auditor")
    ),
)
