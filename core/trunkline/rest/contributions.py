"""What the REST shell contributes to the trunk."""

from datetime import timedelta

from trunkline.i18n import gettext as _
from trunkline.plugin import ScheduledTask
from trunkline.rest.pages import pages
from trunkline.rest.units import forget_old_answers

SCHEDULED = [
    ScheduledTask(
        "forget_idempotent_answers", forget_old_answers, timedelta(hours=6), _("Forget old REST answers")
    )
]
PAGES = [pages]
