"""What the audit adds to the start page."""

from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline_provisioning.network_audit import queries


def _queue(page: Page, subject: object) -> str | None:
    return waiting(
        page,
        str(_("Differences between network and system")),
        queries.open_count(page.ctx),
        "/provisioning/differences",
        "arrows-diff",
    )


SLOTS = (
    Slot(
        "home.queues",
        "network-audit",
        _queue,
        "provisioning.finding.run",
        _("Differences between network and system"),
        order=61,
    ),
)
