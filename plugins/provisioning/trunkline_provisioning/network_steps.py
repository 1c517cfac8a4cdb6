"""The step that an order line's job does in the network: which files of the product's playbook, and what they will change."""

from collections.abc import Iterable, Sequence

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep
from trunkline.operation import Context
from trunkline_catalog.schemas import LineAction, LineStep, OrderLineView, ProductKind, ProductView
from trunkline_provisioning import change_words
from trunkline_provisioning.declaring import Look
from trunkline_provisioning.planned import network_inputs, outputs_of, policy_of, target_of
from trunkline_provisioning.schemas import AnsibleInputs
from trunkline_provisioning.welcoming import welcome_steps

NETWORK_ORDER = 50

#: What each action runs, what undoes it, and what people read.
_ACTIONS = {
    LineAction.NEW: ("do", "undo", _("Set up in the network")),
    LineAction.SUSPEND: ("suspend", "resume", _("Suspend in the network")),
    LineAction.RESUME: ("resume", "suspend", _("Resume in the network")),
    LineAction.TERMINATE: ("terminate", "do", _("Remove from the network")),
}


def line_steps(ctx: Context, line: OrderLineView, product: ProductView) -> Sequence[LineStep]:
    """The steps of one order line. Raises Refused when the product's playbook is missing or cannot be read."""
    steps = []
    if product.playbook and line.needs_network:
        step = network_step(ctx, line, product)
        outputs = outputs_of(ctx, step.inputs["playbook"])
        identifiers = {one.identifier: name for name, one in outputs.items() if one.identifier}
        steps.append(LineStep(NETWORK_ORDER, step, identifiers))
    # A bundle's services are each welcomed by themselves, and of a one-off charge nothing stays.
    if line.action is LineAction.NEW and product.kind not in (ProductKind.BUNDLE, ProductKind.ONE_OFF):
        steps += welcome_steps(ctx, line)
    return steps


def network_step(ctx: Context, line: OrderLineView, product: ProductView) -> PlannedStep:
    """The step that runs the product's playbook as it is now. Raises Refused as `line_steps` does."""
    if line.action is LineAction.CHANGE:
        (do, undo), label = change_words.files_of(line), _("Change in the network")
    else:
        do, undo, label = _ACTIONS[line.action]
    inputs = network_inputs(ctx, line, product, do, undo)
    target, at_once = target_of(ctx, inputs.playbook, inputs.undo_playbook)
    return PlannedStep(
        "provisioning.ansible",
        label=str(label),
        inputs=inputs.model_dump(),
        policy=policy_of(ctx, inputs.playbook),
        target=target,
        at_once=at_once,
        changes=_changes(inputs, outputs_of(ctx, inputs.playbook)),
    )


def _changes(inputs: AnsibleInputs, outputs: Iterable[str]) -> list[str]:
    told: list[str] = [
        _("Playbook {playbook}, version {n}, is run", playbook=inputs.playbook, n=inputs.version)
    ]
    if inputs.verify_playbook and inputs.look is Look.EACH_TIME:
        told.append(_("{playbook} looks whether it was done", playbook=inputs.verify_playbook))
    elif inputs.verify_playbook:
        told.append(
            _(
                "{playbook} looks whether it was done, if a worker dies meanwhile",
                playbook=inputs.verify_playbook,
            )
        )
    if names := ", ".join(name.replace("_", " ") for name in outputs):
        told.append(_("It hands over: {names}", names=names))
    return told
