"""Reading audits and differences."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.operation import Context
from trunkline_provisioning.network_audit.models import ProvisioningAudit, ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import (
    AuditView,
    FindingState,
    FindingView,
    NetworkDifference,
)


def list_findings(ctx: Context) -> "Select[Any]":
    """Differences that the actor may see; those without a service are everybody's."""
    row = ProvisioningFinding
    statement: Any = (
        select(
            col(row.id),
            col(row.number),
            col(row.kind),
            col(row.state),
            col(row.place),
            col(row.subject),
            # What it is called over REST.
            col(row.subject).label("key"),
            col(row.fields),
            col(row.service),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(row.created_at),
            col(row.seen_at),
            col(row.ignored_reason),
            col(row.ignored_by),
            col(row.job_number).label("job"),
        )
        .outerjoin(Customer, col(Customer.id) == col(row.customer_id))
        .where(*ctx.visible_conditions(row))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def audits(ctx: Context, limit: int = 30) -> Sequence[ProvisioningAudit]:
    """The latest comparisons, newest first."""
    return ctx.session.scalars(
        select(ProvisioningAudit).order_by(col(ProvisioningAudit.id).desc()).limit(limit)
    ).all()


def audit_view(audit: ProvisioningAudit) -> AuditView:
    """A comparison as REST shows it."""
    return AuditView.model_validate(audit)


def finding_view(row: ProvisioningFinding) -> FindingView:
    """A difference as REST shows it."""
    return FindingView.model_validate(
        {
            "number": row.number,
            "kind": row.kind,
            "state": row.state,
            "place": row.place,
            "key": row.subject,
            "service": row.service or None,
            "fields": differences(row.fields),
            "ignored_reason": row.ignored_reason,
            "job": row.job_number,
        }
    )


def differences(fields: dict[str, Any]) -> list[NetworkDifference]:
    """Fields with what the system believes and what the network holds."""
    return [NetworkDifference(name=name, system=pair[0], network=pair[1]) for name, pair in fields.items()]


def open_count(ctx: Context) -> int:
    """How many differences wait for somebody."""
    statement = select(func.count()).where(col(ProvisioningFinding.state) == FindingState.OPEN)
    return ctx.session.scalar(statement) or 0
