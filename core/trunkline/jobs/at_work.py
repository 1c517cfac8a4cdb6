"""A worker at work on a job: its heartbeat, what must not be shown, and what each step is given."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from trunkline.jobs.holding import Hold
from trunkline.jobs.lease import Heartbeat
from trunkline.jobs.models import JobStep
from trunkline.jobs.steps import StepContext, as_inputs
from trunkline.plugin import Policy, StepKind

if TYPE_CHECKING:
    from trunkline.app import App


class AtWork(Hold):
    """A hold of a job whose steps are run."""

    def __init__(self, app: "App", job_id: int, epoch: int) -> None:
        super().__init__(app, job_id, epoch)
        self.heartbeat = Heartbeat(app, job_id, epoch)
        #: What no line, error or output of this run may show.
        self.secrets: set[str] = set()

    def step_context(
        self,
        step: JobStep,
        kind: StepKind,
        direction: Literal["do", "undo"],
        before: Mapping[str, Mapping[str, Any]],
    ) -> StepContext:
        """What one run of the step in one direction is given; `before` are the outputs of those before it, by name."""
        deadline = time.monotonic() + kind.timeout.total_seconds()

        def write_log(text: str, level: Any, data: Mapping[str, Any]) -> None:
            self._log_line(step.seq, text, level, data)

        def is_cancelled() -> bool:
            asked = self.heartbeat.cancelled and direction == "do"
            return asked or self.heartbeat.lost or time.monotonic() > deadline

        def write_late(text: str, level: Any, data: Mapping[str, Any]) -> None:
            self.journal.say_masked(self.app.clock(), step.seq, text, level, data, self.secrets)

        return StepContext(
            app=self.app,
            job_id=self.job_id,
            job_number=self.number,
            seq=step.seq,
            name=step.name,
            direction=direction,
            inputs=as_inputs(kind.inputs, step.inputs),
            customer_id=self.customer_id,
            outputs=step.outputs,
            before=before,
            write_log=write_log,
            write_late=write_late,
            is_cancelled=is_cancelled,
            open_unit=self.held,
            policy=Policy(step.policy),
            secrets=self.secrets,
        )

    def _log_line(self, seq: int, text: str, level: str, data: Mapping[str, Any]) -> None:
        if self.open_context is not None:
            self.journal.say_masked(self.open_context.now(), seq, text, level, data, self.secrets)
            return
        with self.held() as ctx:
            self.journal.say_masked(ctx.now(), seq, text, level, data, self.secrets)
