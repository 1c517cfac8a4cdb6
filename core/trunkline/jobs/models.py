"""Tables of the job engine: job, its steps, and the append-only log that pages follow."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.numbers import register
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, UtcDateTime
from trunkline.i18n import gettext as _

#: Of 1 (first) to 9 (last).
USUAL_PRIORITY = 5

register("job", "J", label=_("Jobs"))


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether no worker will touch the job again by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.ROLLING_BACK)


#: Over for workers, open for people: such a job still holds what it holds.
NEEDS_DECISION = (JobState.FAILED, JobState.ROLLBACK_FAILED)
#: What a worker may take up.
OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.ROLLING_BACK)
#: Written out, because a database uses a partial index only where it reads the same words in the statement.
IS_OPEN = text(f"core_job.state IN ({', '.join(repr(state.value) for state in OPEN)})")
_OPEN_ROWS = rows(f"state IN ({', '.join(repr(state.value) for state in OPEN)})")
#: Kinds of jobs that are many and small; the list keeps them in a view of their own.
MAIL_KINDS = ("core.mail",)
_NO_MAIL = f"kind NOT IN ({', '.join(map(repr, MAIL_KINDS))})"
#: What the clock started for nobody in particular, and that went well.
_ROUTINE_ROWS = rows(
    f"{_NO_MAIL} AND requested_by = 'system' AND customer_id IS NULL AND state = 'succeeded'"
)


class StepState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"
    #: A person left it as it was; it is neither done nor undone any more.
    SKIPPED = "skipped"


class OnFailure(StrEnum):
    """Undo what was done, or hold everything as it is for a person."""

    UNDO = "undo"
    HOLD = "hold"


class Job(Record, table=True):
    """One piece of durable work."""

    __tablename__ = "core_job"
    __table_args__ = (
        # What workers look for, most urgent first: only open jobs are in it, however many have ended.
        Index("ix_core_job_due", "priority", "run_at", "id", info=_OPEN_ROWS),
        # The next one that waits for a place at a target.
        Index("ix_core_job_waits", "waits_for", "priority", "id", info=_OPEN_ROWS),
        # What retention forgets.
        Index("ix_core_job_forget", "has_log", "finished_at"),
        # What the list filters and searches by.
        Index("ix_core_job_state", "state", "id"),
        Index("ix_core_job_work", "state", "id", info=rows(_NO_MAIL)),
        Index("ix_core_job_created", "created_at", "id"),
        Index("ix_core_job_title", "title"),
        Index("ix_core_job_subject", "subject_kind", "subject_id"),
        # All that its columns say stands in its condition, too: SQLite takes the index that has most of what is asked in front.
        Index("ix_core_job_routine", "requested_by", "state", "id", info=_ROUTINE_ROWS),
        # Together: many are about a product and many in a state, but few or none of them both.
        Index("ix_core_job_product", "product", "state", "id"),
        # Those of a kind, earlier runs of the same work, and all that ended since.
        Index("ix_core_job_runs", "kind", "state", "product", "action", "id"),
        Index("ix_core_job_finished", "finished_at", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    kind: str = Field(max_length=60)
    title: str = Field(max_length=200)
    state: str = Field(default=JobState.QUEUED, max_length=16)
    unique_key: str = Field(max_length=160, unique=True)
    #: 1 goes first, 9 last.
    priority: int = USUAL_PRIORITY
    run_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    epoch: int = 0
    owner: str = Field(default="", max_length=120)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    on_failure: str = Field(default=OnFailure.UNDO, max_length=8)
    cancel_requested: bool = False
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="SET NULL"), index=True),
    )
    subject_kind: str = Field(default="", max_length=40)
    subject_id: int | None = Field(default=None, sa_type=BigKey)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""
    requested_by: str = Field(default="", max_length=200)
    #: What is being provided and what is done with it, as codes: runs of the same work are compared with each other.
    product: str = Field(default="", max_length=60)
    action: str = Field(default="", max_length=20)
    #: What no other open job may work on meanwhile, as in `service:12`; empty again once the job is settled.
    holds: str | None = Field(default=None, max_length=120, unique=True)
    #: The target that has no place free for its next step; empty when it waits for nothing but its date.
    waits_for: str = Field(default="", max_length=120)
    #: Whether its log is still there; retention takes it before the job.
    has_log: bool = True


class JobStep(SQLModel, table=True):
    """One step of the frozen plan."""

    __tablename__ = "core_job_step"
    __table_args__ = (
        UniqueConstraint("job_id", "seq"),
        UniqueConstraint("job_id", "name"),
        Index("ix_core_job_step_target", "target", "state"),
    )

    id: int | None = key_field()
    job_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_job.id", ondelete="CASCADE"), nullable=False)
    )
    seq: int
    name: str = Field(max_length=80)
    label: str = Field(max_length=200)
    kind: str = Field(max_length=80)
    contributed_by: str = Field(default="", max_length=60)
    policy: str = Field(max_length=8)
    inputs: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    outputs: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = Field(default=StepState.PENDING, max_length=12)
    tries: int = 0
    #: What it works on, of which only `at_once` steps run at a time; 0 sets no limit.
    target: str = Field(default="", max_length=120)
    at_once: int = 0
    #: What it will change, in words for people: `[{"text": "…{service}…", "values": {…}}, …]`, translated when shown.
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""


class JobEvent(SQLModel, table=True):
    """One line of a job's log. Secrets are redacted before it is written; rows are never changed."""

    __tablename__ = "core_job_event"
    __table_args__ = (Index("ix_core_job_event_job", "job_id", "id"),)

    id: int | None = key_field()
    job_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_job.id", ondelete="CASCADE"), nullable=False)
    )
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    epoch: int = 0
    step_seq: int | None = None
    level: str = Field(default="info", max_length=8)
    text: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
