"""Tables of rollouts: what shall be done to a list of services, and each service with what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _
from trunkline_provisioning.rollouts.schemas import RolloutState, RowState

register("rollout", "RO", label=_("Changes of many services"))


class ProvisioningRollout(Record, table=True):
    """One thing done to many services. Counters are changed under the row's lock, with the rows they count."""

    __tablename__ = "provisioning_rollout"
    __table_args__ = (Index("ix_provisioning_rollout_state", "state", "id"),)

    number: str = Field(max_length=20, unique=True)
    title: str = Field(max_length=200)
    #: What is done, as `RolloutWish`.
    wish: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    #: How carefully, as `RolloutLimits`.
    limits: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(default=RolloutState.DRAFT, max_length=12)
    #: Whether only the first few may begin.
    in_canary: bool = False
    #: Why it waits for a person, in words.
    paused_why: str = Field(default="", max_length=500)
    total: int = 0
    excluded: int = 0
    started: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    #: Since when and from how many begun services on the rate counts.
    rate_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rate_base: int = 0
    #: What had ended and failed when a person last said “go on”: the thresholds count from there.
    ended_base: int = 0
    failed_base: int = 0
    user_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="SET NULL"))
    )
    user_name: str = Field(default="", max_length=200)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProvisioningRolloutRow(SQLModel, table=True):
    """One service of a rollout. It begins in the transaction that places its order, so it begins once."""

    __tablename__ = "provisioning_rollout_row"
    __table_args__ = (
        UniqueConstraint("rollout_id", "service_id"),
        Index("ix_provisioning_rollout_row_next", "rollout_id", "state", "id"),
    )

    id: int | None = key_field()
    rollout_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("provisioning_rollout.id", ondelete="CASCADE"), nullable=False)
    )
    #: None: no such service.
    service_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True),
    )
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="SET NULL"), index=True),
    )
    #: The service's number as it was given.
    service: str = Field(max_length=40)
    label: str = Field(default="", max_length=200)
    #: Of this service alone: parameters and picks from further columns of the file.
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = Field(default=RowState.WAITING, max_length=12)
    message: str = Field(default="", max_length=500)
    line_id: int | None = Field(default=None, sa_type=BigKey, index=True)
    job_id: int | None = Field(default=None, sa_type=BigKey, index=True)
    job_number: str = Field(default="", max_length=20)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
