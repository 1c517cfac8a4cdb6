"""Tables of provisioning: what playbooks were when, the elements they reach, and changes of many services at once."""

from datetime import datetime

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.types import BigKey, EncryptedStr, UtcDateTime
from trunkline_provisioning.network_audit.models import ProvisioningAudit as ProvisioningAudit
from trunkline_provisioning.network_audit.models import ProvisioningFinding as ProvisioningFinding
from trunkline_provisioning.rollouts.models import ProvisioningRollout as ProvisioningRollout
from trunkline_provisioning.rollouts.models import ProvisioningRolloutRow as ProvisioningRolloutRow


class ProvisioningPlaybookVersion(SQLModel, table=True):
    """All files of one playbook as they were at one time. Rows are only ever added: jobs run what they were planned with."""

    __tablename__ = "provisioning_playbook_version"
    __table_args__ = (
        UniqueConstraint("playbook", "number"),
        Index("ix_provisioning_playbook_version_digest", "digest"),
    )

    id: int | None = key_field()
    playbook: str = Field(max_length=80)
    #: Counts from 1 in each playbook.
    number: int
    #: SHA-256 of names and texts.
    digest: str = Field(max_length=64)
    #: `operator`, or the plugin that brought it.
    source: str = Field(max_length=40)
    #: Texts by path below the folder.
    files: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    note: str = Field(default="", max_length=300)
    made_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    made_by: str = Field(default="", max_length=200)


class ProvisioningElement(Record, table=True):
    """A network element that playbooks reach as `elements.<name>`; its secrets are in `secrets.elements.<name>`."""

    __tablename__ = "provisioning_element"

    name: str = Field(max_length=40, unique=True)
    label: str = Field(max_length=120)
    host: str = Field(default="", max_length=253)
    port: int | None = Field(default=None)
    username: str = Field(default="", max_length=120)
    password: str | None = Field(default=None, sa_type=EncryptedStr("provisioning_element.password"))
    private_key: str | None = Field(default=None, sa_type=EncryptedStr("provisioning_element.private_key"))
    #: Further values by name, such as a host key, a kind of device or a URL. No secrets.
    facts: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: So many steps of jobs work on it at a time; 0 sets no limit.
    at_once: int = 0


class ProvisioningSecretOutput(Record, table=True):
    """A secret that a step of a job brought to light; the step's outputs only name it. Gone with its job."""

    __tablename__ = "provisioning_secret_output"
    __table_args__ = (UniqueConstraint("job_id", "step", "name"),)

    job_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("core_job.id", ondelete="CASCADE"), nullable=False)
    )
    step: str = Field(max_length=80)
    name: str = Field(max_length=60)
    value: str | None = Field(default=None, sa_type=EncryptedStr("provisioning_secret_output.value"))
