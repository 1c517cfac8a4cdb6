"""What drafts contribute to the trunk."""

from datetime import timedelta

from trunkline.drafts.keeping import forget_old
from trunkline.drafts.pages import pages
from trunkline.i18n import gettext as _
from trunkline.plugin import ScheduledTask

PAGES = (pages,)
SCHEDULED = (ScheduledTask("forget_drafts", forget_old, timedelta(hours=24), _("Forget old drafts")),)
