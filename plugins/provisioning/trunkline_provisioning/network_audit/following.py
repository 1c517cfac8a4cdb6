"""An audit whose job ended otherwise than well is over, too."""

from sqlalchemy import update
from sqlmodel import col

from trunkline.jobs.events import JobEnded
from trunkline.operation import Context
from trunkline_provisioning.network_audit.models import ProvisioningAudit
from trunkline_provisioning.network_audit.schemas import AuditState


def job_ended(ctx: Context, event: JobEnded) -> None:
    """Close the audit of a job that failed or was cancelled, so that another can begin."""
    if event.subject_kind == "network_audit":
        ctx.session.execute(
            update(ProvisioningAudit)
            .where(
                col(ProvisioningAudit.id) == event.subject_id,
                col(ProvisioningAudit.state) == AuditState.RUNNING,
            )
            .values(state=AuditState.FAILED, finished_at=ctx.now())
        )
