"""A job's frozen plan as people read it: who contributes each step, what it will change, what undoes it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs.models import Job, JobStep, OnFailure
from trunkline.operation import Context
from trunkline.plugin import StepKind

if TYPE_CHECKING:
    from trunkline.app import App


class Foreseen(StrEnum):
    """How much of what a step does a dry run can know before."""

    #: The far end is asked and nothing there is changed.
    ASKED = "asked"
    #: It is done in a transaction that is thrown away.
    TRIED = "tried"
    #: Only doing it shows.
    UNKNOWN = "unknown"


FORESEEN = {
    Foreseen.ASKED: _("A dry run asks the far end and changes nothing"),
    Foreseen.TRIED: _("A dry run does it and throws it away"),
    Foreseen.UNKNOWN: _("Cannot be known before"),
}


#: What a job does when one of its steps fails, in words.
ON_FAILURE = {
    OnFailure.UNDO: _("Undo what was done"),
    OnFailure.HOLD: _("Undo nothing and wait for a person"),
}


class PlanStep(BaseModel):
    """One step of a plan. `changes` say what it will change; `undone` whether a failure later takes it back by itself."""

    seq: int
    name: str
    label: str
    kind: str
    #: The plugin's own word for itself.
    contributed_by: str
    changes: list[str]
    undone: bool
    target: str
    at_once: int
    foreseen: Foreseen

    @property
    def foreseen_words(self) -> str:
        """How much a dry run can know, in words."""
        return str(FORESEEN[self.foreseen].translated())


def plan_of(ctx: Context, job: Job) -> list[PlanStep]:
    """The plan of one job, in its order and in the reader's language."""
    steps = ctx.session.scalars(
        select(JobStep).where(col(JobStep.job_id) == job.key).order_by(col(JobStep.seq))
    ).all()
    return _views(ctx.app, steps)


def _views(app: "App", steps: Sequence[JobStep]) -> list[PlanStep]:
    makers = {plugin.name: translate(plugin.label) for plugin in app.plugins}
    return [
        PlanStep(
            seq=step.seq,
            name=step.name,
            label=translate(step.label),
            kind=step.kind,
            contributed_by=makers.get(step.contributed_by, step.contributed_by),
            changes=[translate(words["text"], **words["values"]) for words in step.changes],
            undone=(kind := app.step_kinds.get(step.kind)) is not None and kind.undo is not None,
            target=step.target,
            at_once=step.at_once,
            foreseen=foreseen(kind),
        )
        for step in steps
    ]


def foreseen(kind: StepKind | None) -> Foreseen:
    """What a dry run does with a step of this kind."""
    if kind is None:
        return Foreseen.UNKNOWN
    if kind.rehearse is not None:
        return Foreseen.ASKED
    return Foreseen.TRIED if kind.transactional else Foreseen.UNKNOWN
