"""What a run handed over, held against what its playbook declares. Secret outputs are sealed, and only named from then on."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import col, select

from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.operation import Context
from trunkline_provisioning.declaring import FILE, Output
from trunkline_provisioning.devices.order import MESSAGES
from trunkline_provisioning.models import ProvisioningSecretOutput

#: The one key of a reference in a step's outputs: it names the secret, as `steps.provisioning_ansible.key`.
REFERENCE = "secret"
#: `steps.reserve_port.outputs.port` and `secrets.steps.reserve_port.key` in a playbook.
_OUTPUT = r"\bsteps\.([a-z][a-z0-9_]*+)\.(?:outputs\.)?([a-z][a-z0-9_]*+)"
_READ = re.compile(_OUTPUT)
_DOES_WITHOUT = re.compile(_OUTPUT + r"\s*(?:\|\s*d(?:efault)?\b|is\s+(?:not\s+)?(?:un)?defined\b)")


def require_declared(reference: str, declared: Mapping[str, Output], outputs: Mapping[str, Any]) -> None:
    """Raise StepFailed naming the first output that is missing or not as `<playbook>/schema.yml` says."""
    playbook, _slash, word = reference.partition("/")
    for name, output in declared.items():
        if outputs.get(name) is None:
            if not output.required:
                continue
            raise StepFailed(
                f"{reference} did not hand over “{name}”.",
                field=name,
                remedy=f"Set it with set_stats in {word}.yml, or take it out of {playbook}/{FILE}.",
            )
        fault = output.fault_of(outputs[name])
        if fault:
            raise StepFailed(
                f"{reference} handed over “{name}”, which {fault}.",
                field=name,
                remedy=f"Correct {word}.yml, or what {playbook}/{FILE} says of it.",
            )


def put_away(step: StepContext, declared: Mapping[str, Output], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs with a reference in place of each secret, which is sealed for this step and masked from here on."""
    kept = dict(outputs)
    hidden = {name: str(kept[name]) for name, one in declared.items() if one.secret and kept.get(name)}
    if not hidden:
        return kept
    step.redact(*hidden.values())
    with step.unit_of_work() as ctx:
        known = {row.name: row for row in _rows(ctx, step.job_id, step.name)}
        for name, value in hidden.items():
            row = known.get(name) or ProvisioningSecretOutput(job_id=step.job_id, step=step.name, name=name)
            row.value = value
            ctx.session.add(row)
    place = step.name.replace(".", "_")
    return {**kept, **{name: {REFERENCE: f"steps.{place}.{name}"} for name in hidden}}


def without_secrets(declared: Mapping[str, Output], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs without the secret ones and without messages, for runs that only try."""
    return {
        name: value
        for name, value in outputs.items()
        if name != MESSAGES and (not (one := declared.get(name)) or not one.secret)
    }


def plain(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as variables of a run: secret ones are no variables."""
    return {name: value for name, value in outputs.items() if not is_reference(value)}


def is_reference(value: Any) -> bool:
    """Whether an output only names a secret."""
    return isinstance(value, Mapping) and set(value) == {REFERENCE}


def secrets_of(ctx: Context, step: StepContext) -> dict[str, Any]:
    """Secrets that steps of this job handed over, as `secrets.steps.<step>.<name>`; this step's own are also
    `secrets.done.<name>`."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows(ctx, step.job_id):
        found.setdefault(row.step.replace(".", "_"), {})[row.name] = row.value or ""
    return {"steps": found, "done": found.get(step.name.replace(".", "_"), {})}


def not_handed_over(texts: Iterable[str], variables: Mapping[str, Any]) -> str:
    """The first output of another step that these texts of a playbook read and that the run's variables lack; else nothing.

    One that a text does without, or asks for, is none.
    """
    for text in texts:
        optional = set(_DOES_WITHOUT.findall(text))
        for found in _READ.finditer(text):
            step, name = found.groups()
            there = variables.get("steps", {}).get(step, {}).get("outputs", {})
            known = name in there or (name == "outputs" and there)
            if not known and (step, name) not in optional:
                return found[0]
    return ""


def _rows(ctx: Context, job_id: int, step: str = "") -> list[ProvisioningSecretOutput]:
    statement = select(ProvisioningSecretOutput).where(col(ProvisioningSecretOutput.job_id) == job_id)
    if step:
        statement = statement.where(col(ProvisioningSecretOutput.step) == step)
    return list(ctx.session.scalars(statement))
