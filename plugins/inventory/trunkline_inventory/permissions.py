"""Who may do what with the stock."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Permission, Sensitive

_KEEPERS = ("supervisor", "warehouse", "provisioning_engineer")
_OUTSIDE = ("field_technician", "dealer")
_READERS = (
    *_KEEPERS,
    *_OUTSIDE,
    "customer_care",
    "care_reader",
    "product_manager",
    "pbx_administrator",
    "duty_officer",
    "auditor",
)

PERMISSIONS = (
    Permission("inventory.item.list", _("List inventory items"), _READERS),
    Permission("inventory.item.view", _("See an inventory item and its history"), _READERS),
    Permission("inventory.item.create", _("Add inventory items"), _KEEPERS),
    Permission("inventory.item.edit", _("Edit inventory items"), _KEEPERS),
    Permission("inventory.item.move", _("Move items between stocks"), _KEEPERS),
    Permission("inventory.item.change", _("Set the state of items that nobody holds"), _KEEPERS),
    Permission("inventory.item.assign", _("Hold and assign items"), (*_KEEPERS, *_OUTSIDE, "customer_care")),
    Permission("inventory.item.release", _("Give items back"), _KEEPERS),
    Permission("inventory.item.import", _("Import items from files"), ("supervisor", "warehouse")),
    Permission("inventory.item.export", _("Export items to files"), ("supervisor", "warehouse", "auditor")),
    Permission("inventory.secret.reveal", _("Reveal secret values such as Ki"), ("provisioning_engineer",)),
    Permission("inventory.template.list", _("List templates of items"), _READERS),
    Permission("inventory.template.create", _("Make templates of items"), ("supervisor", "warehouse")),
    Permission("inventory.template.edit", _("Change templates of items"), ("supervisor", "warehouse")),
    Permission("inventory.stock.list", _("List stocks"), _READERS),
    Permission("inventory.stock.create", _("Open stocks"), ("supervisor", "warehouse")),
    Permission("inventory.stock.edit", _("Change and close stocks"), ("supervisor", "warehouse")),
)

#: Each look is an operation of its own, which tells the network's secrets one by one.
SENSITIVE = (Sensitive("inventory.secret", _("Secret values such as Ki"), entry="inventory.secret.reveal"),)
