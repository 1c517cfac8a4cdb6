"""What signing in by a code contributes to the trunk."""

from datetime import timedelta

from trunkline.auth.code_sign_in import codes, own_pages, pages
from trunkline.i18n import gettext
from trunkline.plugin import ScheduledTask, Slot
from trunkline.web.pages import PUBLIC, SIGNED_IN

_ = gettext

PAGES = [pages.pages, own_pages.pages]
SLOTS = [
    Slot("sign_in.below", "core.code_sign_in", pages.link_below, PUBLIC, order=50),
    Slot(
        "confirm.ways",
        "core.code_sign_in",
        own_pages.on_confirm,
        SIGNED_IN,
        _("A code to the verified phone"),
        20,
    ),
]
SCHEDULED = [
    ScheduledTask("forget_sent_codes", codes.sweep, timedelta(hours=1), _("Forget codes that were sent"))
]
