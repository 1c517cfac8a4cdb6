"""Retrying a network step with the playbook as it has been mended since its job was planned."""

from collections.abc import Mapping

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs.renewing import Newer, Renewed
from trunkline.operation import Context
from trunkline_catalog import queries as catalog
from trunkline_provisioning import library, versions
from trunkline_provisioning.checking import require_sound
from trunkline_provisioning.declaring import declared_in
from trunkline_provisioning.network_steps import network_step
from trunkline_provisioning.schemas import AnsibleInputs
from trunkline_provisioning.syntax_check import SyntaxCheck


def newer(ctx: Context, inputs: AnsibleInputs) -> Newer | None:
    """The planned version of a step's playbook and the newest, where that is another one and sound."""
    try:
        planned, playbook, files = _planned_and_present(ctx, inputs)
        if planned == files:
            return None
        wanted = (inputs.playbook, inputs.undo_playbook, inputs.verify_playbook)
        words = [reference.partition("/")[2] for reference in wanted if reference]
        require_sound(playbook, [word for word in words if f"{word}.yml" in files], SyntaxCheck.of(ctx.app))
    except TrunklineError:
        return None
    number = versions.number_of(ctx, playbook.name, files)
    if number is None:
        # It is recorded when a job is planned with it.
        last = versions.latest(ctx, playbook.name)
        number = last.number + 1 if last is not None else 1
    return Newer(inputs.version, number)


def renew(ctx: Context, inputs: AnsibleInputs) -> Renewed | None:
    """The step as it is planned with the playbook as it is now; None where that is as it was.

    Raises Refused where the playbook lacks a file, reads what the line does not hold, or would leave what it did without an undo.
    """
    planned, playbook, files = _planned_and_present(ctx, inputs)
    if planned == files:
        return None
    line = catalog.line(ctx, inputs.line_id)
    product = catalog.product(ctx, line.product_code).model_copy(update={"playbook": playbook.name})
    step = network_step(ctx, line, product)
    fresh = AnsibleInputs.model_validate(step.inputs)
    if inputs.undo_playbook and not fresh.undo_playbook:
        raise Refused(
            _("{file}, which undoes it, is not there any more.", file=f"{inputs.undo_playbook}.yml"),
            remedy=_("Add it under Playbooks."),
        )
    if _identifiers(planned, inputs.playbook) != _identifiers(files, fresh.playbook):
        raise Refused(
            _("It declares other identifiers of the service than the job was planned with."),
            remedy=_("Order anew."),
        )
    return Renewed(step, Newer(inputs.version, fresh.version))


def _planned_and_present(
    ctx: Context, inputs: AnsibleInputs
) -> tuple[Mapping[str, str], library.Playbook, Mapping[str, str]]:
    """The files that the step was planned with, the playbook as it is now, and its files. Raises Refused, NotFound."""
    playbook = library.find(ctx.app, inputs.playbook.partition("/")[0])
    files = versions.files_of(playbook.folder)
    if inputs.version == 0:
        return files, playbook, files
    return versions.version(ctx, playbook.name, inputs.version).files, playbook, files


def _identifiers(files: Mapping[str, str], reference: str) -> dict[str, str]:
    """What a file hands over that identifies the service: outputs by identifier, which later steps were told at planning."""
    outputs = declared_in(files).outputs.get(reference.partition("/")[2], {})
    return {one.identifier: name for name, one in outputs.items() if one.identifier}
