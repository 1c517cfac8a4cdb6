"""Who may change many services at once."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Permission

_LOOKERS = ("supervisor", "provisioning_engineer", "duty_officer", "auditor")
_DOERS = ("supervisor", "provisioning_engineer")
PERMISSIONS = (
    Permission("provisioning.rollout.list", _("See changes of many services at once"), _LOOKERS),
    Permission("provisioning.rollout.create", _("Prepare changes of many services"), _DOERS),
    Permission("provisioning.rollout.run", _("Start, pause and stop changes of many services"), _DOERS),
    Permission("provisioning.rollout.export", _("Export what became of each service"), _LOOKERS),
)
