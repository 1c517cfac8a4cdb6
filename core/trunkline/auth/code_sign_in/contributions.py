"""What signing in by a code contributes to the trunk."""

from datetime import timedelta

from trunkline.auth.code_sign_in import codes, pages
from trunkline.plugin import ScheduledTask, Slot
from trunkline.web.pages import PUBLIC

PAGES = [pages.pages]
SLOTS = [Slot("sign_in.below", "core.code_sign_in", pages.link_below, PUBLIC, order=50)]
SCHEDULED = [ScheduledTask("forget_sent_codes", codes.sweep, timedelta(hours=1))]
