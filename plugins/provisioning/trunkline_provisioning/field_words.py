"""Names of columns and details that the activity log shows, and that nothing else of the plugin says.

The log makes these names from those of the columns (`trunkline.activity.words.label_of`), so no catalogue would have them.
Catalogues are made from this list; nothing imports it, and `tests/contract/test_fields_are_worded.py` keeps it whole.
"""

from trunkline.i18n import gettext as _

FIELDS = (
    _("Brought back"),
    _("Canary"),
    _("Canary goes on"),
    _("Ended base"),
    _("Facts"),
    _("Failed base"),
    _("Fields"),
    _("Ignored by"),
    _("Ignored reason"),
    _("Job number"),
    _("Limits"),
    _("Missing"),
    _("Parameters"),
    _("Paused why"),
    _("Rate base"),
    _("Rate from"),
    _("Repairs"),
    _("Seen at"),
    _("Stop after"),
    _("Stop percent"),
    _("Switch"),
    _("Total"),
    _("Unknown"),
    _("Username"),
    _("Wish"),
)
