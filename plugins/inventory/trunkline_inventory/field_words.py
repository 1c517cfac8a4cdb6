"""Names of columns and details that the activity log shows, and that nothing else of the plugin says.

The log makes these names from those of the columns (`trunkline.activity.words.label_of`), so no catalogue would have them.
Catalogues are made from this list; nothing imports it, and `tests/contract/test_fields_are_worded.py` keeps it whole.
"""

from trunkline.i18n import gettext as _

FIELDS = (
    _("Definition"),
    _("Hold key"),
    _("Holder kind"),
    _("Holder label"),
    _("Max length"),
    _("Min length"),
    _("Minimum"),
    _("Unique"),
)
