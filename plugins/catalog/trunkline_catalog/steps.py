"""The steps that catalog brings to an order line's job."""

from collections.abc import Callable, Mapping, Sequence

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline_catalog.operations import change_lines, lines, suspending, waiting
from trunkline_catalog.schemas import LineAction, LineInputs, LineStep, OrderLineView, ProductKind

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


def _identifying(
    operation: Callable[[Context, int, Mapping[str, str]], None],
) -> Callable[[StepContext], None]:
    def act(step: StepContext) -> None:
        places = step.inputs.identifiers.items()
        lent = {kind: step.before.get(name, {}).get(output) for kind, (name, output) in places}
        operation(step.ctx, step.inputs.line_id, {kind: str(value) for kind, value in lent.items() if value})

    return act


def _kind(
    name: str,
    label: str,
    do: Callable[[StepContext], None],
    undo: Callable[[Context, int], None] | None,
) -> StepKind:
    return StepKind(
        name,
        label,
        do,
        _calling(undo) if undo is not None else None,
        inputs=LineInputs,
        transactional=True,
        irreversible=undo is None,
    )


STEP_KINDS = (
    _kind("catalog.begin", _("Begin the order line"), _calling(waiting.begin), lines.undo_begin),
    _kind("catalog.activate", _("Activate the service"), _identifying(lines.activate), lines.undo_activate),
    _kind(
        "catalog.change", _("Change the service"), _identifying(change_lines.change), change_lines.undo_change
    ),
    _kind("catalog.suspend", _("Suspend the service"), _calling(suspending.suspend), suspending.undo_suspend),
    _kind("catalog.resume", _("Resume the service"), _calling(suspending.resume), suspending.undo_resume),
    _kind("catalog.terminate", _("End the service"), _calling(lines.terminate), None),
)


_CHANGES = {
    LineAction.NEW: _("{service} becomes active"),
    LineAction.CHANGE: _("{service} has its new values once the network has them"),
    LineAction.SUSPEND: _("{service} is suspended"),
    LineAction.RESUME: _("{service} is active again"),
    LineAction.TERMINATE: _("{service} ends, and what it has goes into quarantine"),
}


def line_steps(line: OrderLineView) -> Sequence[LineStep]:
    """What catalog itself adds to a line's plan."""
    inputs, service = {"line_id": line.id}, line.service_number
    held = ", ".join(pick.label for pick in line.picks.values())
    begin = [_("{items} held for {service}", items=held, service=service)] if held else []
    finish = [_CHANGES[line.action].filled(service=service)]
    if line.product_kind is ProductKind.ONE_OFF:
        finish = [_("It is done, and no service stays")]
    return (
        LineStep(BEGIN, PlannedStep("catalog.begin", inputs=inputs, changes=begin)),
        LineStep(FINISH, PlannedStep(_FINISH_KIND[line.action], inputs=inputs, changes=finish)),
    )
