"""Differences as a list, for the page and for REST."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import FindingKind, FindingState

KIND_LABELS: Mapping[str, str] = {
    FindingKind.MISSING: _("Missing in the network"),
    FindingKind.UNKNOWN: _("Unknown to us"),
    FindingKind.DIFFERS: _("Differs"),
}
STATE_LABELS: Mapping[str, str] = {
    FindingState.OPEN: _("Open"),
    FindingState.IGNORED: _("Left as it is"),
    FindingState.REPAIRING: _("Being repaired"),
    FindingState.GONE: _("Gone"),
}


def in_words(row: Any) -> str:
    """The fields in one line: what the system believes → what the network holds."""
    pairs = [(name, pair[0] or "–", pair[1] or "–") for name, pair in row["fields"].items()]
    if row["kind"] == FindingKind.DIFFERS:
        return ", ".join(f"{name}: {ours} → {theirs}" for name, ours, theirs in pairs)
    return ", ".join(f"{name}: {ours if ours != '–' else theirs}" for name, ours, theirs in pairs)


FINDINGS = Table(
    "provisioning-findings",
    label=_("Differences"),
    columns=(
        Column("subject", _("What"), Kind.MONO, sub="place"),
        Column("kind", _("Difference"), labels=KIND_LABELS),
        Column("fields", _("System → network"), value=in_words, priority=2),
        Column(
            "service",
            _("Service"),
            Kind.MONO,
            href=lambda row: f"/catalog/services/{row['service']}" if row["service"] else None,
            priority=2,
        ),
        Column(
            "customer_name",
            _("Customer"),
            href=lambda row: f"/customers/{row['customer']}" if row["customer"] else None,
            priority=3,
        ),
        Column("created_at", _("First seen"), Kind.RELATIVE, priority=3),
        Column("state", _("State"), Kind.STATUS, labels=STATE_LABELS),
    ),
    tabs=(
        Tab("open", _("Open"), col(ProvisioningFinding.state) == FindingState.OPEN, count=True, tone="warn"),
        Tab(
            "repairing",
            _("Being repaired"),
            col(ProvisioningFinding.state) == FindingState.REPAIRING,
            count=True,
        ),
        Tab("ignored", _("Left as they are"), col(ProvisioningFinding.state) == FindingState.IGNORED),
        Tab("gone", _("Gone"), col(ProvisioningFinding.state) == FindingState.GONE),
    ),
    filters=(Filter("kind", _("Difference"), list(KIND_LABELS.items())),),
    search=("subject", "place", "service", "number"),
    search_label=_("IMSI, user name, service"),
    sort="-id",
    row_href="/provisioning/differences/{number}",
    empty=Empty(
        _("Network and system agree"),
        _("Differences appear here after a comparison: each night, or when you ask."),
        icon="checks",
    ),
)
