"""What rollouts take and give."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _
from trunkline_catalog.schemas import SuspensionReason

#: More services than this are done in parts, so that somebody looks in between.
MOST_SERVICES = 20_000

PlaybookFile = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]


class RolloutState(StrEnum):
    """The life of a rollout. A draft has been looked at and nothing more."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will begin."""
        return self in (RolloutState.DONE, RolloutState.STOPPED)


class RowState(StrEnum):
    """What became of one service."""

    WAITING = "waiting"
    EXCLUDED = "excluded"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LEFT = "left"


class RolloutAction(StrEnum):
    """What is done to each service."""

    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    CHANGE = "change"
    PLAYBOOK = "playbook"


class RolloutWish(BaseModel):
    """What is done to each service: an order of its own, or a file of a playbook run for it."""

    model_config = ConfigDict(extra="forbid")

    action: RolloutAction
    #: Of `suspend` and `resume`.
    reason: SuspensionReason = SuspensionReason.REQUEST
    #: Of `change`: the word of the change, new values of parameters, and for a switch whether it shall be on.
    change: str = Field(default="", max_length=40)
    parameters: dict[str, Any] = Field(default_factory=dict)
    on: bool | None = None
    #: Of `playbook`: which file, as in `element_location/do`.
    playbook: PlaybookFile | None = None
    note: str = Field(default="", max_length=300)


class RolloutLimits(BaseModel):
    """How carefully it goes."""

    model_config = ConfigDict(extra="forbid")

    canary: int = Field(
        default=5,
        ge=0,
        le=1000,
        title=_("First"),
        description=_("So many services go first; the others wait until these have ended. 0: none."),
    )
    at_once: int = Field(
        default=10, ge=1, le=200, title=_("At once"), description=_("No more than so many at the same time.")
    )
    per_minute: int | None = Field(
        default=None,
        ge=1,
        le=6000,
        title=_("Per minute"),
        description=_("No more than so many begin each minute. Empty: as fast as it goes."),
    )
    stop_after: int | None = Field(
        default=10,
        ge=1,
        le=MOST_SERVICES,
        title=_("Stop after failures"),
        description=_("Pauses when so many have failed. Empty: only the share counts."),
    )
    stop_percent: int | None = Field(
        default=20,
        ge=1,
        le=100,
        title=_("Stop at a share of"),
        json_schema_extra={"suffix": "%"},
        description=_("Pauses when more than this share of those that have ended failed, from the tenth on."),
    )
    canary_goes_on: bool = Field(
        default=False, title=_("Go on by itself when all of the first ones went well")
    )


class ServiceWish(BaseModel):
    """One service of the list with values of its own, over those of the whole."""

    model_config = ConfigDict(extra="forbid")

    service: str = Field(max_length=40)
    parameters: dict[str, Any] = Field(default_factory=dict)
    #: Numbers of inventory items by template.
    picks: dict[str, str] = Field(default_factory=dict)


class PrepareRollout(BaseModel):
    """A rollout to look at before it begins."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="", max_length=200)
    wish: RolloutWish
    limits: RolloutLimits = RolloutLimits()
    services: list[ServiceWish | str] = Field(min_length=1, max_length=MOST_SERVICES)


class RolloutView(BaseModel):
    """A rollout with its counts."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    number: str
    title: str
    wish: RolloutWish
    limits: RolloutLimits
    state: RolloutState
    in_canary: bool
    paused_why: str
    total: int
    excluded: int
    started: int
    running: int
    done: int
    failed: int
    cancelled: int
    user_name: str

    @property
    def waiting(self) -> int:
        """Services that have not begun."""
        return self.total - self.excluded - self.started


class RolloutRowView(BaseModel):
    """One service of a rollout."""

    model_config = ConfigDict(from_attributes=True)

    service: str
    label: str
    customer: str | None
    state: RowState
    message: str
    job: str
