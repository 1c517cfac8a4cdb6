"""Rollouts and their services as lists, for pages and REST."""

from collections.abc import Mapping

from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline_provisioning.rollouts.models import ProvisioningRollout
from trunkline_provisioning.rollouts.schemas import RolloutState, RowState

STATE_LABELS: Mapping[str, str] = {
    RolloutState.DRAFT: _("Looked at"),
    RolloutState.RUNNING: _("Running"),
    RolloutState.PAUSED: _("Waits for you"),
    RolloutState.DONE: _("Done"),
    RolloutState.STOPPED: _("Stopped"),
}
ROW_LABELS: Mapping[str, str] = {
    RowState.WAITING: _("Waiting"),
    RowState.EXCLUDED: _("Excluded"),
    RowState.RUNNING: _("Running"),
    RowState.DONE: _("Done"),
    RowState.FAILED: _("Failed"),
    RowState.CANCELLED: _("Cancelled"),
    RowState.LEFT: _("Left as it is"),
}

ROLLOUTS = Table(
    "provisioning-rollouts",
    label=_("Many at once"),
    columns=(
        Column("title", _("What"), sub="number"),
        Column("services", _("Services"), Kind.NUMBER, named=True),
        Column("done", _("Done"), Kind.NUMBER, priority=2),
        Column("failed", _("Failed"), Kind.NUMBER, priority=2),
        Column("created_at", _("Prepared"), Kind.RELATIVE, priority=3),
        Column("user_name", _("By"), priority=3),
        Column("state", _("State"), Kind.STATUS, labels=STATE_LABELS),
    ),
    tabs=(
        Tab("all", _("All")),
        Tab(
            "running",
            _("Running"),
            col(ProvisioningRollout.state) == RolloutState.RUNNING,
            count=True,
            tone="info",
        ),
        Tab(
            "paused",
            _("Wait for you"),
            col(ProvisioningRollout.state) == RolloutState.PAUSED,
            count=True,
            tone="warn",
        ),
    ),
    search=("title", "number"),
    search_label=_("What or number"),
    sort="-id",
    row_href="/provisioning/rollouts/{number}",
    empty=Empty(
        _("Nothing was done to many services yet"),
        _("Select services in their list, or bring a file with their numbers."),
        icon="stack-2",
        href="/provisioning/rollouts/new",
        action=_("Prepare"),
        permission="provisioning.rollout.create",
    ),
)


def rows_table(number: str) -> Table:
    """What became of each service of a rollout."""
    return Table(
        f"rollout-{number.lower()}",
        label=_("Services"),
        columns=(
            Column("service", _("Service"), Kind.MONO, sub="label", href="/catalog/services/{service}"),
            Column(
                "customer_name",
                _("Customer"),
                priority=3,
                href=lambda row: f"/customers/{row['customer']}" if row["customer"] else None,
            ),
            Column("message", _("Why"), priority=1),
            Column(
                "job",
                _("Job"),
                Kind.MONO,
                priority=2,
                href=lambda row: f"/jobs/{row['job']}" if row["job"] else None,
            ),
            Column("finished_at", _("Ended"), Kind.DATETIME, priority=3),
            Column("state", _("State"), Kind.STATUS, labels=ROW_LABELS),
        ),
        filters=(Filter("state", _("State"), [(value, label) for value, label in ROW_LABELS.items()]),),
        search=("service", "label", "customer_name"),
        search_label=_("Service or customer"),
        sort="id",
        empty=Empty(_("No service"), icon="device-mobile"),
    )
