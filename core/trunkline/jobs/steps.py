"""What a running step sees."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ValidationError

from trunkline.errors import TrunklineError
from trunkline.jobs.models import JobStep, StepState
from trunkline.plugin import Policy

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context

Level = Literal["debug", "info", "ok", "warn", "error"]


class StepFailed(TrunklineError):
    """The step cannot be done; the message is shown on the job page."""

    title = "Step failed"


class TryAgain(TrunklineError):
    """What the step needs does not answer now: do the step again `after` a pause, at most `limit` times in all."""

    title = "Try again"

    def __init__(self, message: str, *, after: timedelta, limit: int = 10) -> None:
        super().__init__(message)
        self.after = after
        self.limit = limit


class CannotTell(TrunklineError):
    """Raised while looking ahead: nothing but doing the step shows what it does. The message says why."""

    title = "Cannot be known before"


class LeaseLost(Exception):
    """Another worker has taken the job over; nothing more may be written for it."""


@dataclass
class StepContext:
    """One run of one step in one direction."""

    app: "App"
    job_id: int
    job_number: str
    seq: int
    name: str
    direction: Literal["do", "undo"]
    #: The planned inputs, as the kind's own model where it declares one.
    inputs: Any
    customer_id: int | None
    #: What this step returned; filled when undoing.
    outputs: Mapping[str, Any]
    #: Outputs of the steps before, by step name.
    before: Mapping[str, Mapping[str, Any]]
    write_log: Callable[[str, Level, Mapping[str, Any]], None]
    is_cancelled: Callable[[], bool]
    open_unit: Callable[[], Any]
    #: As `write_log`, written with the step's end; None where that is not kept apart.
    write_late: Callable[[str, Level, Mapping[str, Any]], None] | None = None
    #: What becomes of the step when its worker dies.
    policy: Policy = Policy.UNDO
    #: The unit of work of a transactional step; None for the others.
    transaction: "Context | None" = None
    #: What the kind's `gather` has read for its `rehearse`.
    gathered: Any = None
    #: Whether a dry run throws the transaction away afterwards: what the step says then is what would be.
    only_tried: bool = False
    secrets: set[str] = field(default_factory=set)
    #: What `with_end` was given.
    endings: "list[Callable[[Context], None]]" = field(default_factory=list)

    @property
    def idempotency_key(self) -> str:
        """`job:step:direction`: the same whenever this effect is attempted again."""
        return f"{self.job_number}:{self.name}:{self.direction}"

    @property
    def ctx(self) -> "Context":
        """The one unit of work of a transactional step. Raises RuntimeError in any other step."""
        if self.transaction is None:
            raise RuntimeError(f"step {self.name} is not transactional; open a unit of work instead")
        return self.transaction

    @contextmanager
    def unit_of_work(self) -> Iterator["Context"]:
        """A short transaction of its own for a step that is not transactional. Raises LeaseLost when the job was taken over."""
        with self.open_unit() as ctx:
            yield ctx

    def with_end(self, write: "Callable[[Context], None]") -> None:
        """Have this written by the transaction that keeps the step's end, which is about to come: both are kept, or neither."""
        if self.transaction is not None:
            write(self.transaction)
        else:
            self.endings.append(write)

    def log(self, text: str, level: Level = "info", **data: Any) -> None:
        """Add a line to the job's log. Values registered by `redact` never appear in it."""
        self.write_log(text, level, data)

    def log_with_end(self, text: str, level: Level = "info", **data: Any) -> None:
        """Add a line that need not be seen before the step has ended, which is about to: it costs no transaction of its own."""
        (self.write_late or self.write_log)(text, level, data)

    def redact(self, *values: str) -> None:
        """Name secret values that must not reach any log line of this job."""
        for value in values:
            # A traceback and JSON write what is not plain in their own way.
            self.secrets.update(form for form in (value, repr(value)[1:-1], json.dumps(value)[1:-1]) if form)

    def cancelled(self) -> bool:
        """Whether somebody asked to cancel, or the lease is lost: a long step should stop soon."""
        return self.is_cancelled()


def checked_outputs(model: type[BaseModel] | None, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outputs, if they are as the step kind's model says. Raises StepFailed naming the field that is not."""
    if model is None:
        return outputs
    try:
        return model.model_validate(dict(outputs)).model_dump(mode="json")
    except ValidationError as error:
        raise StepFailed(f"What the step handed over is not as it must be: {faults_of(error)}") from None


def faults_of(error: ValidationError) -> str:
    """`msisdn: Field required; port: Input should be a valid integer`. Values are left out: one may be a secret."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'all of it'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )


def as_inputs(model: type[BaseModel] | None, values: Mapping[str, Any]) -> Any:
    """The planned values as the step kind's model."""
    return model.model_validate(values) if model is not None else dict(values)


def beyond_return(app: "App", steps: Iterable[JobStep]) -> JobStep | None:
    """The step that is done and that nothing can undo, if the job has come so far: it can only go on then."""
    for step in steps:
        kind = app.step_kinds.get(step.kind)
        if step.state == StepState.DONE and kind is not None and kind.irreversible:
            return step
    return None
