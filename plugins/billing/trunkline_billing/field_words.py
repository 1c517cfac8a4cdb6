"""Names of columns and details that the activity log shows, and that nothing else of the plugin says.

The log makes these names from those of the columns (`trunkline.activity.words.label_of`), so no catalogue would have them.
Catalogues are made from this list; nothing imports it, and `tests/contract/test_fields_are_worded.py` keeps it whole.
"""

from trunkline.i18n import gettext as _

FIELDS = (
    _("Covered"),
    _("Credit limit"),
    _("Desk"),
    _("Failure"),
    _("Issued on"),
    _("Last account"),
    _("Made by"),
    _("Product code"),
    _("Product name"),
    _("Provider"),
    _("Rate count"),
    _("Received at"),
    _("Reverse reason"),
    _("Reversed at"),
    _("Revision"),
    _("Service number"),
    _("Settled"),
    _("Settled at"),
    _("Source"),
    _("Starts at"),
    _("Void reason"),
)
