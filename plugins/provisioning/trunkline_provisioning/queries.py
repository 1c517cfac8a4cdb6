"""What provisioning can be asked: its playbooks, and what a run is told."""

from collections.abc import Mapping
from typing import Any

from trunkline.errors import NotFound, Refused
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline_catalog import queries as catalog
from trunkline_inventory import queries as inventory
from trunkline_provisioning import library
from trunkline_provisioning.checking import check_files
from trunkline_provisioning.hlr.peer import HlrPlace, place_of
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.schemas import PlaybookFileView, PlaybookView
from trunkline_provisioning.settings import ProvisioningSettings


def playbook_names(ctx: Context) -> list[str]:
    """Names a product may give as its playbook."""
    return list(library.library(ctx.app))


def playbooks(ctx: Context) -> list[PlaybookView]:
    """Every playbook with what is wrong in it and who uses it. The first look at changed files takes Ansible a second."""
    users = _users(ctx)
    return [_view(ctx, playbook, users) for playbook in library.library(ctx.app).values()]


def playbook(ctx: Context, name: str) -> PlaybookView:
    """One playbook. Raises NotFound."""
    return _view(ctx, _find(ctx, name), _users(ctx))


def source(ctx: Context, name: str, word: str) -> str:
    """The text of one file of a playbook. Raises NotFound."""
    try:
        return _find(ctx, name).path(word).read_text(errors="replace")
    except Refused as error:
        raise NotFound(error.message, field=error.field, remedy=error.remedy) from error


def hlr_place(ctx: Context) -> HlrPlace:
    """The HLR in use."""
    return place_of(ctx.app.config, ctx.settings(ProvisioningSettings))


def run_variables(ctx: Context, line_id: int, step: StepContext) -> dict[str, Any]:
    """What a playbook is told about an order line: plain data without secrets."""
    place = hlr_place(ctx)
    return {
        **catalog.provisioning_variables(ctx, line_id),
        "steps": {
            name.replace(".", "_"): {"outputs": dict(outputs)} for name, outputs in step.before.items()
        },
        "run": {
            "job": step.job_number,
            "step": step.name,
            "direction": step.direction,
            "idempotency_key": step.idempotency_key,
        },
        "hlr": {"host": place.host, "port": place.port, "name": place.label},
    }


def run_secrets(ctx: Context, variables: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Secrets of the picked items by template, as in `secrets.sim.ki`. Read when a run starts, kept nowhere."""
    return {
        template: inventory.secrets_of(ctx, int(item["item_id"]))
        for template, item in variables.get("picks", {}).items()
        if item.get("item_id") is not None
    }


def _find(ctx: Context, name: str) -> Playbook:
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


def _view(ctx: Context, found: Playbook, users: Mapping[str, list[str]]) -> PlaybookView:
    files = [found.path(word) for word in found.files]
    problems = {problem.file: problem for problem in check_files(files, library.collections(ctx.app))}
    views = []
    for word, path in zip(found.files, files, strict=True):
        problem = problems.get(path)
        views.append(
            PlaybookFileView(
                word=word,
                path=str(path),
                problem=problem.message if problem else "",
                line=problem.line if problem else 0,
            )
        )
    return PlaybookView(
        name=found.name,
        source=found.source,
        folder=str(found.folder),
        files=tuple(views),
        products=tuple(users.get(found.name, ())),
    )
