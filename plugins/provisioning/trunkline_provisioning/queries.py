"""What provisioning can be asked: its playbooks, and what a run is told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from trunkline.errors import NotFound, Refused
from trunkline.jobs.models import NEEDS_DECISION, Job, JobState, JobStep
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline_catalog import queries as catalog
from trunkline_inventory import queries as inventory
from trunkline_provisioning import elements, library, versions
from trunkline_provisioning.checking import check_ahead, check_files, own_problems
from trunkline_provisioning.declaring import (
    WORD,
    Declaration,
    Look,
    Unreadable,
    declaration,
    looks,
    verify_of,
)
from trunkline_provisioning.handing_over import plain, secrets_of
from trunkline_provisioning.hinting import hints
from trunkline_provisioning.hlr.peer import HlrPlace, place_of
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.linting import Finding, lint
from trunkline_provisioning.schemas import PlaybookFileView, PlaybookView
from trunkline_provisioning.settings import ProvisioningSettings
from trunkline_provisioning.syntax_check import SyntaxCheck

#: `secrets.steps.…` and `secrets.done.…`, which few playbooks read.
_HANDED_OVER = re.compile(r"\bsecrets\.(?:steps|done)\b")


def playbook_names(ctx: Context) -> list[str]:
    """Names a product may give as its playbook."""
    return list(library.library(ctx.app))


def playbooks(ctx: Context) -> list[PlaybookView]:
    """Every playbook with what is wrong in it and who uses it.

    Ansible is asked about the operator's own, by one start for all that changed; those of plugins are looked at by our rules.
    """
    users, known = _users(ctx), library.library(ctx.app)
    own = [playbook for playbook in known.values() if playbook.source == library.OPERATOR]
    check_ahead([[one.path(word) for word in one.files] for one in own], SyntaxCheck.of(ctx.app))
    return [_view(ctx, playbook, users, ask=playbook in own) for playbook in known.values()]


def open_jobs(ctx: Context, name: str) -> list[str]:
    """Numbers of the jobs that may yet run a file of the playbook, those that wait for a decision too, the oldest first."""
    rows = ctx.session.execute(
        select(col(Job.number), col(JobStep.inputs))
        .join(JobStep, col(JobStep.job_id) == col(Job.id))
        .where(
            col(Job.state).in_({*NEEDS_DECISION, *(state for state in JobState if not state.is_over)}),
            col(JobStep.kind).in_(("provisioning.ansible", "provisioning.trial")),
        )
        .order_by(col(Job.id))
        .limit(2_000)
    )
    return [number for number, inputs in rows if str(inputs.get("playbook", "")).startswith(f"{name}/")]


def digest(ctx: Context, name: str) -> str:
    """What the playbook's folder holds now, as versions have it. Raises NotFound."""
    return versions.digest_of(versions.files_of(find(ctx, name).folder))


def playbooks_by_element(ctx: Context) -> dict[str, list[str]]:
    """Names of the playbooks whose files name an element."""
    found: dict[str, list[str]] = {}
    for playbook in library.library(ctx.app).values():
        texts = (playbook.path(word).read_text(errors="replace") for word in playbook.files)
        for name in elements.named(texts):
            found.setdefault(name, []).append(playbook.name)
    return found


def lacking_elements(ctx: Context) -> dict[str, list[str]]:
    """By playbook the network elements that its files name and nobody has added: it cannot be run without."""
    found: dict[str, list[str]] = {}
    known = {element.name for element in elements.elements(ctx)}
    for element, names in playbooks_by_element(ctx).items():
        for name in names if element not in known else ():
            found.setdefault(name, []).append(element)
    return found


def playbook(ctx: Context, name: str) -> PlaybookView:
    """One playbook. Raises NotFound."""
    return _view(ctx, find(ctx, name), _users(ctx))


def source(ctx: Context, name: str, word: str) -> str:
    """The text of one file of a playbook. Raises NotFound."""
    try:
        return find(ctx, name).path(word).read_text(errors="replace")
    except Refused as error:
        raise NotFound(error.message, field=error.field, remedy=error.remedy) from error


def hints_of(ctx: Context, name: str, word: str, text: str) -> list[Finding]:
    """What could be better about a file that reads as `text`, by itself and beside the others of its playbook."""
    if word == WORD:
        return []
    files = {**versions.files_of(find(ctx, name).folder), f"{word}.yml": text}
    warnings = [one for one in lint(text, only_looks=looks(word)) if one.level == "warning"]
    return sorted([*warnings, *hints(files, word)], key=lambda one: one.line)


def hlr_place(ctx: Context) -> HlrPlace:
    """The HLR in use."""
    return place_of(ctx.app.config, ctx.settings(ProvisioningSettings))


def planned_variables(ctx: Context, line_id: int) -> dict[str, Any]:
    """What is known of a run before it runs: plain data without secrets."""
    place = hlr_place(ctx)
    return {
        **catalog.provisioning_variables(ctx, line_id),
        "hlr": {"host": place.host, "port": place.port, "name": place.label},
        "elements": elements.variables(ctx),
    }


def run_variables(ctx: Context, line_id: int, step: StepContext) -> dict[str, Any]:
    """What a playbook is told about an order line: plain data without secrets."""
    return {
        **planned_variables(ctx, line_id),
        "steps": {
            name.replace(".", "_"): {"outputs": plain(outputs)} for name, outputs in step.before.items()
        },
        # What this very step handed over, for its undo.
        "done": plain(step.outputs),
        "run": {
            "job": step.job_number,
            "step": step.name,
            "direction": step.direction,
            "idempotency_key": step.idempotency_key,
        },
    }


def run_secrets(
    ctx: Context, variables: Mapping[str, Any], texts: Sequence[str] = (), step: StepContext | None = None
) -> dict[str, dict[str, Any]]:
    """Secrets of the picked items by template, as in `secrets.sim.ki`, of those that a change replaces, as in
    `secrets.previous_sim.ki`, secret parameters, as in `secrets.parameters.wifi_password` and `secrets.previous_parameters…`,
    those of the elements that the playbook's texts name, and those that steps of its job handed over.

    Read when a run starts, kept nowhere.
    """
    picked = _item_keys(variables.get("picks", {}))
    replaced = _item_keys(variables.get("previous", {}))
    sealed = inventory.secrets_by_item(ctx, {*picked.values(), *replaced.values()})
    line = variables.get("line")
    number = str(line.get("number", "")) if isinstance(line, Mapping) else ""
    return {
        **{template: sealed[key] for template, key in picked.items()},
        **{f"previous_{template}": sealed[key] for template, key in replaced.items()},
        **catalog.parameter_secrets(ctx, number),
        "elements": elements.secrets(ctx, texts),
        **(handed_over_secrets(ctx, texts, step) if step is not None else {}),
    }


def _item_keys(items: Mapping[str, Any]) -> dict[str, int]:
    """The keys of picked or replaced items by template."""
    return {
        template: int(item["item_id"])
        for template, item in items.items()
        if isinstance(item, Mapping) and item.get("item_id") is not None
    }


def handed_over_secrets(ctx: Context, texts: Sequence[str], step: StepContext) -> dict[str, Any]:
    """Secrets that steps of this one's job handed over, if the playbook's texts name any."""
    return secrets_of(ctx, step) if any(_HANDED_OVER.search(text) for text in texts) else {}


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside nested values."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif value is not None:
        yield str(value)


def find(ctx: Context, name: str) -> Playbook:
    """Where the playbook called `name` lies. Raises NotFound naming the nearest that exists."""
    try:
        return library.find(ctx.app, name)
    except Refused as error:
        raise NotFound(error.message, field=error.field, remedy=error.remedy) from error


def _users(ctx: Context) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for product in catalog.products(ctx):
        if product.playbook:
            users.setdefault(product.playbook, []).append(product.code)
    return users


def _view(ctx: Context, found: Playbook, users: Mapping[str, list[str]], *, ask: bool = True) -> PlaybookView:
    files = [found.path(word) for word in found.files]
    said = check_files(files, SyntaxCheck.of(ctx.app)) if ask else own_problems(files)
    problems = {problem.file: problem for problem in reversed(said)}
    views = []
    text = found.declares
    try:
        declared = declaration(text)
    except Unreadable:
        declared = Declaration()
    named = [*zip(found.files, files, strict=True), *([(WORD, found.path(WORD))] if text else [])]
    for word, path in named:
        problem = problems.get(path)
        views.append(
            PlaybookFileView(
                word=word,
                path=str(path),
                problem=problem.message if problem else "",
                line=problem.line if problem else 0,
                verified_by=verify_of(word) if found.has(verify_of(word)) else "",
                look=declared.verify.get(word, Look.EACH_TIME) if found.has(verify_of(word)) else None,
                outputs=tuple(declared.outputs.get(word, ())),
            )
        )
    return PlaybookView(
        name=found.name,
        source=found.source,
        folder=str(found.folder),
        files=tuple(views),
        products=tuple(users.get(found.name, ())),
    )
