"""The steps that catalog brings to an order line's job."""

from collections.abc import Callable, Sequence

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline_catalog.operations import change_lines, lines
from trunkline_catalog.schemas import LineAction, LineInputs, LineStep, OrderLineView

BEGIN, FINISH = 10, 80

_FINISH_KIND = {
    LineAction.NEW: "catalog.activate",
    LineAction.CHANGE: "catalog.change",
    LineAction.SUSPEND: "catalog.suspend",
    LineAction.RESUME: "catalog.resume",
    LineAction.TERMINATE: "catalog.terminate",
}


def _calling(operation: Callable[[Context, int], None]) -> Callable[[StepContext], None]:
    def act(step: StepContext) -> None:
        operation(step.ctx, step.inputs.line_id)

    return act


def _kind(
    name: str,
    label: str,
    do: Callable[[Context, int], None],
    undo: Callable[[Context, int], None] | None,
) -> StepKind:
    return StepKind(
        name,
        label,
        _calling(do),
        _calling(undo) if undo is not None else None,
        inputs=LineInputs,
        transactional=True,
        irreversible=undo is None,
    )


STEP_KINDS = (
    _kind("catalog.begin", _("Begin the order line"), lines.begin, lines.undo_begin),
    _kind("catalog.activate", _("Activate the service"), lines.activate, lines.undo_activate),
    _kind("catalog.change", _("Change the service"), change_lines.change, change_lines.undo_change),
    _kind("catalog.suspend", _("Suspend the service"), lines.suspend, lines.undo_suspend),
    _kind("catalog.resume", _("Resume the service"), lines.resume, lines.undo_resume),
    _kind("catalog.terminate", _("End the service"), lines.terminate, None),
)


def line_steps(line: OrderLineView) -> Sequence[LineStep]:
    """What catalog itself adds to a line's plan."""
    inputs = {"line_id": line.id}
    return (
        LineStep(BEGIN, PlannedStep("catalog.begin", inputs=inputs)),
        LineStep(FINISH, PlannedStep(_FINISH_KIND[line.action], inputs=inputs)),
    )
