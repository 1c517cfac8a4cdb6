"""What the audit adds: its list with what is done to many differences, and a row of the start page."""

from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf, NoValues, RowAction
from trunkline.operation import Context
from trunkline.plugin import Slot
from trunkline.web.pages import Page
from trunkline_provisioning.network_audit import operations, queries
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import IgnoreFinding
from trunkline_provisioning.network_audit.tables import FINDINGS


def _queue(page: Page, subject: object) -> str | None:
    return waiting(
        page,
        str(_("Differences between network and system")),
        queries.open_count(page.ctx),
        "/provisioning/differences",
        "arrows-diff",
    )


LISTS = (
    ListOf(
        "provisioning-findings",
        "/provisioning/differences",
        "provisioning.audit.list",
        lambda ctx: FINDINGS,
        queries.list_findings,
        export="provisioning.finding.export",
    ),
)


def _number(ctx: Context, key: int) -> str:
    return ctx.load(ProvisioningFinding, key).number


def _repair(ctx: Context, key: int, command: NoValues) -> None:
    operations.repair(ctx, _number(ctx, key))


def _ignore(ctx: Context, key: int, command: IgnoreFinding) -> None:
    operations.ignore(ctx, _number(ctx, key), command)


ROW_ACTIONS = (
    RowAction(
        "provisioning.repair_findings",
        "provisioning-findings",
        _("Repair"),
        "provisioning.finding.run",
        _repair,
        icon="tool",
        tone="danger",
        effect=_("What we know is set up again in the network; what nobody knows is taken out of it."),
        order=10,
    ),
    RowAction(
        "provisioning.ignore_findings",
        "provisioning-findings",
        _("Leave as they are"),
        "provisioning.finding.change",
        _ignore,
        IgnoreFinding,
        icon="eye-off",
        order=20,
    ),
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
