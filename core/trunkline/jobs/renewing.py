"""Retrying with something newer than what a job was planned with: what its steps have yet to do may have been mended since."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.jobs.models import JobStep, StepState
from trunkline.jobs.planning import PlannedStep, checked_plan, kept_words
from trunkline.jobs.steps import as_inputs
from trunkline.operation import Context
from trunkline.plugin import StepKind

_NOT_DONE = (StepState.FAILED, StepState.PENDING)


class RetryWith(StrEnum):
    """With which version of what they run the steps are done again."""

    PLANNED = "planned"
    NEWEST = "newest"


class Newer(NamedTuple):
    """The version that a step was planned with, and the newest that it could be done with."""

    planned: int
    newest: int

    def __str__(self) -> str:
        return f"{self.planned} → {self.newest}"


class Renewed(NamedTuple):
    """A step as it is planned with the newest version."""

    step: PlannedStep
    versions: Newer


def newer(ctx: Context, steps: Sequence[JobStep]) -> Newer | None:
    """What the first of the steps that are not done could be done with instead; None where nothing is newer and sound."""
    for step, kind in _renewable(ctx, steps):
        found = kind.newer(ctx, as_inputs(kind.inputs, step.inputs)) if kind.newer is not None else None
        if found is not None:
            return found
    return None


def renew(ctx: Context, steps: Sequence[JobStep]) -> list[tuple[JobStep, Newer]]:
    """Plan the steps that are not done with what is newest now; returns those for which that is something else.

    A step that is done stays as it is, so it is undone as it was done. Raises Refused (field `use`) where what is newest cannot
    be run with what the job holds.
    """
    renewed = []
    for step, kind in _renewable(ctx, steps):
        try:
            found = kind.renew(ctx, as_inputs(kind.inputs, step.inputs)) if kind.renew is not None else None
            if found is not None:
                _replace(ctx, step, kind, found.step)
                renewed.append((step, found.versions))
        except TrunklineError as error:
            raise Refused(
                _(
                    "“{step}” cannot be done with the newest version: {why}",
                    step=translate(step.label),
                    why=error.message,
                ),
                field="use",
                remedy=error.remedy,
            ) from error
    return renewed


def _replace(ctx: Context, row: JobStep, kind: StepKind, planned: PlannedStep) -> None:
    [step] = checked_plan(ctx, [replace(planned, after=())]).steps
    row.inputs, row.policy = dict(step.inputs), step.policy or kind.policy
    row.target, row.at_once = step.target, step.at_once
    row.changes = [kept_words(text) for text in step.changes]


def _renewable(ctx: Context, steps: Sequence[JobStep]) -> Iterator[tuple[JobStep, StepKind]]:
    for step in steps:
        kind = ctx.app.step_kinds.get(step.kind)
        if step.state in _NOT_DONE and kind is not None and kind.renew is not None:
            yield step, kind
