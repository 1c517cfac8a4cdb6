"""What people do with rollouts: prepare one and look, start, pause, go on, stop."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import delete, insert
from sqlmodel import col

from trunkline.approvals.second_person import Matter, SecondPerson
from trunkline.db.numbers import next_number
from trunkline.errors import Forbidden, Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.operation import Context, operation
from trunkline.web.tones import state_within
from trunkline_catalog import queries as catalog
from trunkline_provisioning.rollouts import doing, driving, queries, telling, words
from trunkline_provisioning.rollouts.events import (
    RolloutDiscarded,
    RolloutDue,
    RolloutPrepared,
    RolloutStarted,
    RolloutStopped,
)
from trunkline_provisioning.rollouts.looking import Looked, look
from trunkline_provisioning.rollouts.models import ProvisioningRollout, ProvisioningRolloutRow
from trunkline_provisioning.rollouts.schemas import (
    PrepareRollout,
    RolloutAction,
    RolloutLimits,
    RolloutState,
    RolloutView,
    RowState,
    ServiceWish,
)
from trunkline_provisioning.settings import ProvisioningSettings

_ROWS_AT_ONCE = 500


@operation("provisioning.rollout.create")
def prepare(ctx: Context, command: PrepareRollout) -> RolloutView:
    """Keep a list of services with what shall be done to them, each looked at: nothing begins before `start`.

    Raises Refused naming the field when the wish itself cannot be, or no service could undergo it.
    """
    if ctx.actor.id is None:
        raise Forbidden(_("Only people and programs with an account may have this done."))
    doing.look_ahead(ctx, command.wish)
    _check(ctx, command)
    rollout = ProvisioningRollout(
        number=next_number(ctx.session, "rollout"),
        title=command.title.strip(),
        wish=command.wish.model_dump(mode="json"),
        limits=command.limits.model_dump(mode="json"),
        user_id=ctx.actor.id,
        user_name=ctx.actor.name,
    )
    ctx.session.add(rollout)
    ctx.session.flush()
    wanted = [one if isinstance(one, ServiceWish) else ServiceWish(service=one) for one in command.services]
    found = look(ctx, command.wish, wanted)
    while part := list(islice(found, _ROWS_AT_ONCE)):
        _keep(ctx, rollout, part)
    rollout.title = rollout.title or ngettext(
        "{what}: one service",
        "{what}: {n} services",
        rollout.total - rollout.excluded,
        what=words.wish_in_words(ctx, command.wish),
    )
    ctx.session.flush()
    ctx.note(rollout, label=rollout.number, services=rollout.total, excluded=rollout.excluded)
    ctx.emit(
        RolloutPrepared(
            entity_id=rollout.key, number=rollout.number, services=rollout.total - rollout.excluded
        )
    )
    return queries.view(rollout)


def _check(ctx: Context, command: PrepareRollout) -> None:
    if command.wish.action is RolloutAction.PLAYBOOK:
        doing.playbook_file(ctx, command.wish)
    if command.wish.action is RolloutAction.CHANGE and not command.wish.change:
        raise Refused(_("Say which change."), field="change")
    _require_no_secret(ctx, command)


def _require_no_secret(ctx: Context, command: PrepareRollout) -> None:
    """What a rollout shall do is kept in clear and shown, so no secret may be in it. Raises Refused."""
    hidden = {
        one.name: one.label
        for product in catalog.products(ctx, retired=True)
        for one in product.parameters
        if one.secret
    }
    named = set(command.wish.parameters)
    for service in command.services:
        named.update(service.parameters if isinstance(service, ServiceWish) else ())
    for name in sorted(named & hidden.keys()):
        raise Refused(
            _("“{label}” is a secret.", label=hidden[name]),
            field="parameters",
            remedy=_("Change it on the page of each service."),
        )


def _keep(ctx: Context, rollout: ProvisioningRollout, part: Sequence[Looked]) -> None:
    rows = [
        {
            "rollout_id": rollout.key,
            "service_id": one.service.id if one.service else None,
            "customer_id": one.service.customer_id if one.service else None,
            "service": one.wish.service[:40],
            "label": _called(one)[:200],
            "values": one.wish.model_dump(exclude={"service"}, exclude_defaults=True),
            "state": RowState.EXCLUDED.value if one.problem else RowState.WAITING.value,
            "message": one.problem[:500],
            "job_number": "",
        }
        for one in part
    ]
    ctx.session.execute(insert(ProvisioningRolloutRow), rows)
    rollout.total += len(rows)
    rollout.excluded += sum(1 for one in part if one.problem)


def _called(one: Looked) -> str:
    if one.service is None:
        return ""
    known = one.service.identifiers
    return known.get("msisdn") or known.get("number") or one.service.product_name


def _look_at_start(ctx: Context, number: str) -> Matter | None:
    limit = ctx.settings(ProvisioningSettings).rollout_second_person_above
    rollout = queries.get(ctx, number)
    services = rollout.total - rollout.excluded
    if limit is None or services <= limit:
        return None
    view = queries.view(rollout)
    return Matter(
        _("Change many services: {title}", title=rollout.title),
        [
            (_("What"), words.wish_in_words(ctx, view.wish)),
            (_("Services"), str(services)),
            (_("First"), str(view.limits.canary)),
        ],
        path=f"/provisioning/rollouts/{number}",
    )


@operation("provisioning.rollout.run", approval=SecondPerson(_("Change many services"), _look_at_start))
def start(ctx: Context, number: str) -> RolloutView:
    """Let a looked-at list begin, with its first services. Raises Refused when it has begun, or nothing can be done."""
    rollout = queries.get(ctx, number, lock=True)
    _require(rollout, RolloutState.DRAFT)
    if rollout.total == rollout.excluded:
        raise Refused(
            _("No service of the list can undergo this."), remedy=_("The reasons stand beside each.")
        )
    limits = RolloutLimits.model_validate(rollout.limits)
    rollout.state, rollout.started_at = RolloutState.RUNNING, ctx.now()
    rollout.in_canary = limits.canary > 0
    return _go(ctx, rollout)


@operation("provisioning.rollout.run")
def pause(ctx: Context, number: str) -> RolloutView:
    """Let nothing more begin; what is under way ends by itself. Raises Refused unless it runs."""
    rollout = queries.get(ctx, number, lock=True)
    _require(rollout, RolloutState.RUNNING)
    driving.pause(ctx, rollout, str(_("Paused by {name}.", name=ctx.actor.name)))
    telling.tell_failures(ctx, rollout)
    ctx.note(rollout, label=rollout.number)
    return queries.view(rollout)


@operation("provisioning.rollout.run")
def go_on(ctx: Context, number: str) -> RolloutView:
    """Go on after a pause: the thresholds count anew. Raises Refused unless it is paused."""
    rollout = queries.get(ctx, number, lock=True)
    _require(rollout, RolloutState.PAUSED)
    rollout.state, rollout.paused_why = RolloutState.RUNNING, ""
    rollout.failed_base, rollout.ended_base = rollout.failed, rollout.done + rollout.failed
    return _go(ctx, rollout)


@operation("provisioning.rollout.run")
def stop(ctx: Context, number: str) -> RolloutView:
    """End a rollout: services that have not begun stay as they are. Raises Refused when it is over."""
    rollout = queries.get(ctx, number, lock=True)
    if RolloutState(rollout.state).is_over:
        raise Refused(_("{number} is over.", number=number))
    driving.leave_rest(ctx, rollout)
    rollout.state, rollout.finished_at, rollout.paused_why = RolloutState.STOPPED, ctx.now(), ""
    ctx.session.flush()
    telling.tell_failures(ctx, rollout)
    ctx.note(rollout, label=rollout.number)
    ctx.emit(RolloutStopped(entity_id=rollout.key, number=rollout.number))
    return queries.view(rollout)


@operation("provisioning.rollout.create")
def discard(ctx: Context, number: str) -> None:
    """Throw a list away that has not begun. Raises Refused when it has."""
    rollout = queries.get(ctx, number, lock=True)
    _require(rollout, RolloutState.DRAFT)
    ctx.note(rollout, label=rollout.number)
    ctx.emit(RolloutDiscarded(entity_id=rollout.key, number=rollout.number))
    ctx.session.execute(
        delete(ProvisioningRolloutRow).where(col(ProvisioningRolloutRow.rollout_id) == rollout.key)
    )
    ctx.session.delete(rollout)
    ctx.session.flush()


def _go(ctx: Context, rollout: ProvisioningRollout) -> RolloutView:
    rollout.rate_from, rollout.rate_base = ctx.now(), rollout.started
    ctx.session.flush()
    ctx.emit(RolloutStarted(entity_id=rollout.key, number=rollout.number))
    ctx.emit(RolloutDue(entity_id=rollout.key))
    ctx.note(rollout, label=rollout.number, services=rollout.total - rollout.excluded)
    return queries.view(rollout)


def _require(rollout: ProvisioningRollout, state: RolloutState) -> None:
    if rollout.state != state:
        raise Refused(
            _(
                "{number} is {state}, not {wanted}.",
                number=rollout.number,
                state=state_within(rollout.state),
                wanted=state_within(state),
            )
        )
