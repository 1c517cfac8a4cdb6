"""Trying a playbook out: one file, against a chosen element, only looking unless it is said otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context, operation
from trunkline_catalog import queries as catalog
from trunkline_provisioning import elements, library, queries, versions
from trunkline_provisioning.checking import require_sound
from trunkline_provisioning.planned import target_of
from trunkline_provisioning.run_folder import refuse_reserved
from trunkline_provisioning.schemas import TrialInputs
from trunkline_provisioning.syntax_check import SyntaxCheck

JOB_KIND = "provisioning.trial"
#: What the list of jobs calls them.
KIND_LABEL = _("Trial")


@operation("provisioning.playbook.run")
def try_out(
    ctx: Context,
    name: str,
    word: str,
    *,
    element: str = "",
    service: str = "",
    variables: Mapping[str, Any] | None = None,
    check: bool = True,
) -> str:
    """Queue a trial and return its job's number. Raises Refused, NotFound."""
    playbook = library.find(ctx.app, name)
    playbook.path(word)
    require_sound(playbook, [word], SyntaxCheck.of(ctx.app))
    if element and elements.find(ctx, element) is None:
        raise Refused(_("There is no element {name}.", name=element), field="element")
    if not element and (absent := elements.missing(ctx, versions.texts_of(playbook, [word]))):
        raise Refused(
            _("There is no element {name}.", name=absent[0]),
            field="element",
            remedy=_("Add it under Network elements, or choose one that stands for it."),
        )
    try:
        refuse_reserved(variables or {})
    except ValueError as error:
        raise Refused(str(error).capitalize() + ".", field="variables") from error
    line_id = None
    if service:
        lines = catalog.lines_of_service(ctx, catalog.service(ctx, service).id)
        if not lines:
            raise Refused(_("{service} was never ordered.", service=service), field="service")
        line_id = lines[0].id
    inputs = TrialInputs(
        playbook=f"{name}/{word}",
        version=versions.freeze(ctx, playbook),
        element=element,
        line_id=line_id,
        variables=dict(variables or {}),
        check=check,
    )
    target, at_once = target_of(ctx, inputs.playbook, element=element)
    job = enqueue(
        ctx,
        kind=JOB_KIND,
        title=str(_("Try {playbook}", playbook=inputs.playbook)),
        steps=[PlannedStep("provisioning.trial", inputs=inputs.model_dump(), target=target, at_once=at_once)],
        key=f"trial:{ctx.actor.id}:{ctx.now().isoformat()}",
    )
    ctx.note(job, label=job.number, playbook=inputs.playbook, element=element, check=check)
    return job.number


def variables_of(
    ctx: Context, inputs: TrialInputs, step: StepContext, texts: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Variables and secrets of a trial of a playbook with these `texts`."""
    if inputs.line_id is not None:
        variables = queries.run_variables(ctx, inputs.line_id, step)
    else:
        place = queries.hlr_place(ctx)
        variables = {
            "hlr": {"host": place.host, "port": place.port, "name": place.label},
            "elements": elements.variables(ctx),
            "run": {
                "job": step.job_number,
                "step": step.name,
                "direction": step.direction,
                "idempotency_key": step.idempotency_key,
            },
            "picks": {},
            "parameters": {},
            "steps": {},
            "done": {},
        }
    variables = _over(variables, inputs.variables)
    secrets = queries.run_secrets(ctx, variables, texts)
    if inputs.element:
        # One element in place of all that the playbook names, so that a trial never reaches another one.
        named = elements.named(texts)
        chosen = variables["elements"].get(inputs.element, {})
        secret = elements.secrets(ctx, [f"secrets.elements.{inputs.element}"]).get(inputs.element, {})
        variables["elements"] = dict.fromkeys(named, chosen)
        secrets["elements"] = dict.fromkeys(named, secret)
    return variables, secrets


def _over(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in more.items():
        inner = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(inner, Mapping)
        merged[name] = _over(inner, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged
