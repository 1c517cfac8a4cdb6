"""Tables of the audit: each comparison, and the differences with what is done about them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _
from trunkline_provisioning.network_audit.schemas import AuditState, FindingState

register("network_audit", "NA", label=_("Audits of network and system"))
register("network_finding", "NF", label=_("Differences of network and system"))


class ProvisioningAudit(Record, table=True):
    """One comparison of everything that can be read with everything that should be there."""

    __tablename__ = "provisioning_audit"

    number: str = Field(max_length=20, unique=True)
    state: str = Field(default=AuditState.RUNNING, max_length=8)
    requested_by: str = Field(default="", max_length=200)
    job_number: str = Field(default="", max_length=20)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: How many services were compared, and how many entries the elements hold.
    services: int = 0
    held: int = 0
    missing: int = 0
    unknown: int = 0
    differs: int = 0
    problems: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class ProvisioningFinding(Record, table=True):
    """One difference, kept from audit to audit, so that what a person said of it lasts while it stays the same."""

    __tablename__ = "provisioning_finding"
    __table_args__ = (
        UniqueConstraint("action", "place", "subject"),
        Index("ix_provisioning_finding_state", "state", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    action: str = Field(max_length=80)
    place: str = Field(max_length=300)
    #: What the element calls it: an IMSI, a user name, an address.
    subject: str = Field(max_length=500)
    kind: str = Field(max_length=8)
    state: str = Field(default=FindingState.OPEN, max_length=10)
    #: Pairs of what the system believes and what the network holds, by field.
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    service_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True),
    )
    service: str = Field(default="", max_length=20)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="SET NULL"), index=True),
    )
    seen_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: The audit that saw it last.
    audit_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("provisioning_audit.id", ondelete="SET NULL"), index=True),
    )
    ignored_reason: str = Field(default="", max_length=500)
    ignored_by: str = Field(default="", max_length=200)
    #: How often a repair was asked for; each is a job of its own.
    repairs: int = 0
    job_number: str = Field(default="", max_length=20)
