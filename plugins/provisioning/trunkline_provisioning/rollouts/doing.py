"""What a rollout does to one service: an order as a person would place it, or a playbook's file run for it."""

from contextlib import suppress
from dataclasses import dataclass

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.operation import Context, operation
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries
from trunkline_catalog.schemas import ResumeService, SuspendService, TerminateService
from trunkline_provisioning import elements, library, versions
from trunkline_provisioning.checking import check_ahead, require_sound
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.planned import target_of
from trunkline_provisioning.rollouts.looking import change_of
from trunkline_provisioning.rollouts.schemas import RolloutAction, RolloutWish, ServiceWish
from trunkline_provisioning.schemas import AnsibleInputs
from trunkline_provisioning.syntax_check import SyntaxCheck

JOB_KIND = "provisioning.rollout"
#: What the list of jobs and the activity log call it.
KIND_LABEL = _("Rollout")


@dataclass(frozen=True)
class Begun:
    """The job that does it; `line_id` is the order line's where there is one."""

    job_id: int | None
    job_number: str
    line_id: int | None = None


def look_ahead(ctx: Context, wish: RolloutWish) -> None:
    """Have Ansible look at the playbooks that a wish may run before anything is locked. The planning says what is wrong."""
    names = {wish.playbook.partition("/")[0]} if wish.playbook else set[str]()
    if wish.action is not RolloutAction.PLAYBOOK:
        names = {product.playbook for product in queries.products(ctx, retired=True) if product.playbook}
    known = library.library(ctx.app)
    found = [known[name] for name in sorted(names) if name in known]
    with suppress(TrunklineError):
        check_ahead([[one.path(word) for word in one.files] for one in found], SyntaxCheck.of(ctx.app))


def begin(ctx: Context, wish: RolloutWish, one: ServiceWish, key: str) -> Begun:
    """Begin with one service. The same key gives what has begun already. Raises whatever the operation refuses with."""
    number = one.service
    if wish.action is RolloutAction.PLAYBOOK:
        return run_playbook(ctx, wish, number, key)
    if wish.action is RolloutAction.SUSPEND:
        order = catalog.suspend_service(
            ctx, number, SuspendService(reason=wish.reason, note=wish.note), idempotency_key=key
        )
    elif wish.action is RolloutAction.RESUME:
        order = catalog.resume_service(
            ctx, number, ResumeService(reason=wish.reason, note=wish.note), idempotency_key=key
        )
    elif wish.action is RolloutAction.TERMINATE:
        order = catalog.terminate_service(ctx, number, TerminateService(note=wish.note), idempotency_key=key)
    else:
        order = catalog.change_service(ctx, number, change_of(wish, one), idempotency_key=key)
    line = order.lines[0]
    return Begun(line.job_id, line.job_number, line.id)


@operation("provisioning.playbook.run")
def run_playbook(ctx: Context, wish: RolloutWish, number: str, key: str) -> Begun:
    """Queue the wish's playbook file for one service, with what its newest order line that was done says. Raises Refused."""
    playbook, word = playbook_file(ctx, wish)
    service = queries.service(ctx, number)
    line = queries.standing_line_of(ctx, service.id)
    if line is None:
        raise Refused(_("{service} was never ordered.", service=number), field="service")
    undo = f"undo_{word}" if word != "do" else "undo"
    inputs = AnsibleInputs(
        line_id=line.id,
        playbook=f"{playbook.name}/{word}",
        undo_playbook=f"{playbook.name}/{undo}" if playbook.has(undo) else "",
        version=versions.freeze(ctx, playbook),
    )
    target, at_once = target_of(ctx, inputs.playbook, inputs.undo_playbook)
    job = enqueue(
        ctx,
        kind=JOB_KIND,
        title=str(_("{playbook} for {service}", playbook=inputs.playbook, service=number)),
        steps=[
            PlannedStep("provisioning.ansible", inputs=inputs.model_dump(), target=target, at_once=at_once),
            PlannedStep("provisioning.rollout_row"),
        ],
        key=key,
        customer_id=service.customer_id,
        subject=("service", service.id),
    )
    ctx.note(job, label=job.number, playbook=inputs.playbook, service=number)
    return Begun(job.key, job.number)


def playbook_file(ctx: Context, wish: RolloutWish) -> tuple[Playbook, str]:
    """The playbook and file that a wish names. Raises Refused (field `playbook`) when it cannot be run."""
    name, _slash, word = (wish.playbook or "").partition("/")
    if not name:
        raise Refused(_("Say which playbook."), field="playbook")
    playbook = library.find(ctx.app, name)
    playbook.path(word)
    require_sound(playbook, [word], SyntaxCheck.of(ctx.app))
    if absent := elements.missing(ctx, versions.texts_of(playbook, [word])):
        raise Refused(
            _("There is no element {name}.", name=absent[0]),
            field="playbook",
            remedy=_("Add it under Network elements."),
        )
    return playbook, word
