"""A plan before it is frozen: its steps, the order in which they come, and what is wrong with it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from trunkline.errors import Refused
from trunkline.i18n import Lazy
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobStep
from trunkline.jobs.steps import as_inputs, faults_of
from trunkline.operation import Context
from trunkline.plugin import Policy, StepKind


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan. `inputs` are references and plain values, never secrets: they are stored and shown."""

    kind: str
    name: str = ""
    label: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    #: What it works on, and how many steps may do so at once in the whole installation; 0 sets no limit.
    target: str = ""
    at_once: int = 0
    #: Names of steps of the same plan that come first, wherever they were planned.
    after: tuple[str, ...] = ()
    #: What it will change, in a few words each, for whoever looks at the plan before it runs.
    changes: Sequence[str] = ()

    @property
    def key(self) -> str:
        """What other steps' `after` call it."""
        return self.name or self.kind


@dataclass(frozen=True)
class Plan:
    """Steps in their order, each beside its kind."""

    steps: Sequence[PlannedStep]
    kinds: Sequence[StepKind]

    def rows(self, job: Job) -> list[JobStep]:
        """The frozen steps of `job`."""
        names: dict[str, int] = {}
        rows = []
        for seq, (step, kind) in enumerate(zip(self.steps, self.kinds, strict=True), start=1):
            names[step.key] = names.get(step.key, 0) + 1
            rows.append(
                JobStep(
                    job_id=job.key,
                    seq=seq,
                    name=step.key if names[step.key] == 1 else f"{step.key}_{names[step.key]}",
                    label=step.label or kind.label,
                    kind=kind.name,
                    contributed_by=kind.name.partition(".")[0],
                    policy=step.policy or kind.policy,
                    inputs=dict(step.inputs),
                    target=step.target,
                    at_once=step.at_once,
                    changes=[kept_words(text) for text in step.changes],
                )
            )
        return rows


def kept_words(text: str) -> dict[str, Any]:
    """A text as it is kept: what `gettext` made stays translatable."""
    if not isinstance(text, Lazy):
        return {"text": text, "values": {}}
    message, values = text.parts
    return {"text": message, "values": {name: str(value) for name, value in values.items()}}


def checked_plan(ctx: Context, steps: Sequence[PlannedStep]) -> Plan:
    """The plan in its order. Raises Refused (field `steps`) in words for one that could not be run or not be undone."""
    if not steps:
        raise Refused(_("A job needs at least one step."), field="steps")
    ordered = in_order(steps)
    plan = Plan(ordered, [_kind_of(ctx, step) for step in ordered])
    last_reversible = max((n for n, kind in enumerate(plan.kinds) if not kind.irreversible), default=-1)
    for number, kind in enumerate(plan.kinds):
        if kind.irreversible and number < last_reversible:
            raise Refused(
                _("The step “{step}” cannot be undone, so it must come last.", step=kind.label),
                field="steps",
                remedy=_("Plan it after every step that can be undone."),
            )
    return plan


def _kind_of(ctx: Context, step: PlannedStep) -> StepKind:
    kind = ctx.app.step_kinds.get(step.kind)
    if kind is None:
        raise Refused(
            _("No enabled plugin offers the step kind “{kind}”.", kind=step.kind),
            field="steps",
            remedy=_("Enable its plugin."),
        )
    if kind.undo is None and not kind.irreversible:
        raise Refused(
            _("The step “{step}” has no undo and does not say that it is irreversible.", step=kind.label),
            field="steps",
            remedy=_("Its plugin has to name one."),
        )
    try:
        inputs = as_inputs(kind.inputs, step.inputs)
    except ValidationError as error:
        raise Refused(
            _(
                "The step “{step}” cannot be planned with these inputs: {faults}",
                step=step.label or kind.label,
                faults=faults_of(error),
            ),
            field="steps",
        ) from error
    if kind.check is not None:
        kind.check(ctx, inputs)
    return kind


def in_order(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    """The steps, each after those that it names; else as they were planned. Raises Refused naming a circle or an unknown name."""
    known = {step.key for step in steps}
    for step in steps:
        for name in step.after:
            if name not in known:
                raise Refused(
                    _(
                        "The step {step} comes after {name}, which the plan does not have.",
                        step=step.key,
                        name=name,
                    ),
                    field="steps",
                )
    waiting, ordered = list(steps), list[PlannedStep]()
    while waiting:
        left = {step.key for step in waiting}
        ready = next((step for step in waiting if not left.intersection(step.after)), None)
        if ready is None:
            raise Refused(
                _("The steps wait for each other in a circle: {names}.", names=" → ".join(_circle(waiting))),
                field="steps",
                remedy=_("Take one of them out of another’s “after”."),
            )
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _circle(waiting: Sequence[PlannedStep]) -> list[str]:
    """Names along one circle, the first again at its end."""
    first_of = {step.key: step for step in reversed(waiting)}
    path, name = list[str](), waiting[0].key
    while name not in path:
        path.append(name)
        name = next(other for other in first_of[name].after if other in first_of)
    return [*path[path.index(name) :], name]
