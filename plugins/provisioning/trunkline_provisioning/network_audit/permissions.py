"""Who may compare the network with the system, and do something about it."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Permission

_LOOKERS = ("supervisor", "provisioning_engineer", "duty_officer", "auditor")
_DOERS = ("provisioning_engineer",)
PERMISSIONS = (
    Permission("provisioning.audit.list", _("See where network and system differ"), _LOOKERS),
    Permission("provisioning.audit.run", _("Compare network and system now"), _DOERS),
    Permission("provisioning.finding.change", _("Leave differences as they are"), _DOERS),
    Permission("provisioning.finding.run", _("Repair differences in the network"), _DOERS),
    Permission("provisioning.finding.export", _("Export differences"), _LOOKERS),
)
