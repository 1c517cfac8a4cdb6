"""REST of the audit."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, model_validator

from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning.network_audit import adopting, operations, queries
from trunkline_provisioning.network_audit.schemas import (
    AuditView,
    FindingKind,
    FindingState,
    FindingView,
    IgnoreFinding,
    NetworkDifference,
)
from trunkline_provisioning.network_audit.tables import FINDINGS


class FindingRow(BaseModel):
    """A difference as lists show it."""

    number: str
    kind: FindingKind
    state: FindingState
    place: str
    key: str
    service: str
    fields: list[NetworkDifference]
    seen_at: datetime
    job: str

    @model_validator(mode="before")
    @classmethod
    def _field_by_field(cls, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "fields": queries.differences(row["fields"])}


def add_routes(rest: RestRoutes) -> None:
    """Add the routes under `/provisioning`."""
    rest.get("/audits", permission="provisioning.audit.list")(audits)
    rest.post("/audits", permission="provisioning.audit.run", status=202)(compare)
    rest.get("/differences", permission="provisioning.audit.list", table=FINDINGS)(differences)
    rest.get("/differences/{number}", permission="provisioning.audit.list")(difference)
    rest.post("/differences/{number}/repair", permission="provisioning.finding.run", status=202)(repair)
    rest.post("/differences/{number}/ignore", permission="provisioning.finding.change", status=200)(ignore)
    rest.post("/differences/{number}/reopen", permission="provisioning.finding.change", status=200)(reopen)
    rest.post("/differences/{number}/adopt", permission="provisioning.finding.run", status=200)(adopt)


def audits(ctx: Context) -> Listing[AuditView]:
    """The latest comparisons of network and system, newest first."""
    return list_of([queries.audit_view(audit) for audit in queries.audits(ctx)])


def compare(ctx: Context) -> AuditView:
    """Compare network and system now, by a job."""
    return queries.audit_view(operations.begin(ctx))


def differences(ctx: Context, params: ListParams = list_params) -> Listing[FindingRow]:
    """Differences, newest first. Filter: `kind`."""
    return read_list(ctx, FINDINGS, queries.list_findings(ctx), params, FindingRow)


def difference(ctx: Context, number: str) -> FindingView:
    """One difference, field by field."""
    return queries.finding_view(operations.finding(ctx, number))


def repair(ctx: Context, number: str) -> FindingView:
    """Set up again what is missing or differs, take out what nobody knows; by a job."""
    return queries.finding_view(operations.repair(ctx, number))


def ignore(ctx: Context, number: str, command: IgnoreFinding) -> FindingView:
    """Leave it as it is, for a reason, until it changes."""
    return queries.finding_view(operations.ignore(ctx, number, command))


def reopen(ctx: Context, number: str) -> FindingView:
    """Count it again, after it was left as it is."""
    return queries.finding_view(operations.reopen(ctx, number))


def adopt(ctx: Context, number: str) -> FindingView:
    """Believe the network, where a switch explains the whole difference."""
    return queries.finding_view(adopting.adopt(ctx, number))
