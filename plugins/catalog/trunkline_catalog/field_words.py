"""Names of columns and details that the activity log shows, and that nothing else of the plugin says.

The log makes these names from those of the columns (`trunkline.activity.words.label_of`), so no catalogue would have them.
Catalogues are made from this list; nothing imports it, and `tests/contract/test_fields_are_worded.py` keeps it whole.
"""

from trunkline.i18n import gettext as _

FIELDS = (
    _("Activated at"),
    _("Allowances"),
    _("Ask"),
    _("Attempt"),
    _("Charged percent"),
    _("Covered"),
    _("Effective from"),
    _("Effective to"),
    _("Effective until"),
    _("Fits"),
    _("Idempotency key"),
    _("Items"),
    _("Job number"),
    _("Members"),
    _("Most per service"),
    _("Needs"),
    _("Needs network"),
    _("Open service"),
    _("Picks"),
    _("Placed by"),
    _("Position"),
    _("Priced by members"),
    _("Reasons"),
    _("Retired"),
    _("Secret values"),
    _("Secret values before"),
    _("Service kind"),
    _("Set by"),
    _("Setup"),
    _("Switch"),
    _("Switches"),
    _("Turn"),
    _("Unit"),
)
