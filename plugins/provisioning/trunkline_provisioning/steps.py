"""The steps that provisioning brings to an order line's job."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.operation import Context
from trunkline.plugin import Policy, StepKind
from trunkline_catalog.schemas import LineAction, LineStep, OrderLineView, ProductView
from trunkline_provisioning import change_words, library, queries, versions
from trunkline_provisioning.hlr.peer import HlrPlace
from trunkline_provisioning.messages import queue_messages
from trunkline_provisioning.planned import network_inputs, playbook_file, target_of
from trunkline_provisioning.schemas import AnsibleInputs, TrialInputs
from trunkline_provisioning.settings import ProvisioningSettings
from trunkline_provisioning.welcoming import STEP_KINDS as WELCOMES
from trunkline_provisioning.welcoming import welcome_steps

NETWORK_ORDER = 50
_MOST_RUNS = 3

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
        steps.append(LineStep(NETWORK_ORDER, _network_step(ctx, line, product)))
    if line.action is LineAction.NEW:
        steps += welcome_steps(ctx, line)
    return steps


def _network_step(ctx: Context, line: OrderLineView, product: ProductView) -> PlannedStep:
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
        target=target,
        at_once=at_once,
        changes=[_("Playbook {playbook}, version {n}, is run", playbook=inputs.playbook, n=inputs.version)],
    )


def run_ansible(step: StepContext) -> Mapping[str, Any]:
    """Do a step: run its playbook; what it hands to set_stats are the step's outputs."""
    return queue_messages(step, _run(step, step.inputs.playbook))


def undo_ansible(step: StepContext) -> None:
    """Undo a step by its own playbook, which accepts that nothing is there."""
    if not step.inputs.undo_playbook:
        step.log("Nothing undoes this playbook.", "warn")
        return
    queue_messages(step, _run(step, step.inputs.undo_playbook))


def rehearse_ansible(step: StepContext) -> None:
    """Run a step's playbook in Ansible's check mode, which changes nothing and says what it would change."""
    _run(step, step.inputs.playbook, check=True)


def _run(step: StepContext, reference: str, *, check: bool = False) -> Mapping[str, Any]:
    inputs: AnsibleInputs = step.inputs
    with playbook_file(step.app, reference, inputs.version) as (source, path):
        texts = list(versions.files_of(path.parent).values())
        with step.app.reading() as ctx:
            variables = queries.run_variables(ctx, inputs.line_id, step)
            secrets = queries.run_secrets(ctx, variables, texts)
            surroundings = ctx.settings(ProvisioningSettings), queries.hlr_place(ctx)
        return play(
            step,
            reference,
            path,
            variables,
            secrets,
            surroundings,
            opening=f"Playbook {reference} of {source}.",
            check=check,
        )


def play(
    step: StepContext,
    reference: str,
    path: Path,
    variables: Mapping[str, Any],
    secrets: Mapping[str, Any],
    surroundings: tuple[ProvisioningSettings, HlrPlace],
    *,
    opening: str,
    check: bool = False,
) -> Mapping[str, Any]:
    """Run one playbook file for a step and return its outputs; `opening` is the first line of its log.

    Raises StepFailed in words. With `check` nothing is changed.
    """
    from trunkline_provisioning.fork_server import place_of
    from trunkline_provisioning.run_events import Line, forms
    from trunkline_provisioning.run_folder import folder_root
    from trunkline_provisioning.run_log import RunLog
    from trunkline_provisioning.runner import PlaybookRun, run_playbook

    settings, place = surroundings
    step.redact(*(form for text in queries.texts_in(secrets) for form in forms(text)))
    run = PlaybookRun(
        path,
        variables,
        secrets,
        timedelta(seconds=settings.timeout_seconds),
        library.collections(step.app),
        check=check,
    )
    lines, unseen = RunLog(step, check=check), list[str]()
    lines.keep(Line("info", opening))
    if "hlr" in path.read_text(errors="replace"):
        lines.keep(Line("warn" if place.kind == "simulated" else "info", f"{place}."))

    def take(line: Line) -> None:
        if line.data.get("skipped"):
            unseen.append(str(line.data["task"]))
        lines.add(line)

    def is_cancelled() -> bool:
        lines.look()
        return step.cancelled()

    server = place_of(step.app.config.data, os.getpid())
    for left in reversed(range(1 if check else _runs(step))):
        try:
            result = run_playbook(run, log=take, is_cancelled=is_cancelled, server=server)
        except OSError as error:
            lines.end()
            why = error.strerror or error
            raise StepFailed(f"The run's folder cannot be kept in {folder_root()}: {why}.") from error
        if result.status != "lost" or not left:
            break
        lines.add(Line("warn", f"{result.problem} Doing it again."))
    if not result.succeeded:
        lines.end()
        raise StepFailed(result.problem)
    if check and unseen:
        what = f"Check mode cannot know what these tasks would do, if they are reached: {', '.join(unseen)}."
        lines.keep(Line("warn", what))
    lines.keep(Line("info", f"Playbook {reference} ended well, {result.changed} changed."))
    lines.end()
    return result.outputs


def _runs(step: StepContext) -> int:
    """How often a run is begun that died without a result: the step's policy decides, as when its worker dies."""
    return _MOST_RUNS if step.direction == "undo" or step.policy == Policy.RESUME else 1


def run_trial(step: StepContext) -> Mapping[str, Any]:
    """Run one file of a playbook for somebody who tries it out."""
    from trunkline_provisioning.trials import variables_of

    inputs: TrialInputs = step.inputs
    with playbook_file(step.app, inputs.playbook, inputs.version) as (source, path):
        opening = f"Playbook {inputs.playbook} of {source}" + (", only looking." if inputs.check else ".")
        with step.app.reading() as ctx:
            texts = list(versions.files_of(path.parent).values())
            variables, secrets = variables_of(ctx, inputs, step, texts)
            surroundings = ctx.settings(ProvisioningSettings), queries.hlr_place(ctx)
        return play(
            step,
            inputs.playbook,
            path,
            variables,
            secrets,
            surroundings,
            opening=opening,
            check=inputs.check,
        )


STEP_KINDS = (
    StepKind(
        "provisioning.ansible",
        _("Ansible playbook"),
        run_ansible,
        undo_ansible,
        rehearse=rehearse_ansible,
        inputs=AnsibleInputs,
        policy=Policy.RESUME,
        # The playbook's own limit is in the settings and never above this.
        timeout=timedelta(hours=2),
    ),
    StepKind(
        "provisioning.trial",
        _("Playbook tried out"),
        run_trial,
        inputs=TrialInputs,
        # What a trial did is looked at by whoever tries; the undo file is tried like any other.
        irreversible=True,
        timeout=timedelta(hours=2),
    ),
    *WELCOMES,
)
