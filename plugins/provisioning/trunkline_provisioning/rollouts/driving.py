"""Driving a rollout: a few services begin in each short transaction, and what has ended is counted.

Whoever calls holds the rollout's row lock, so that workers take turns; a service begins in the transaction that places its
order, so whatever dies, it has begun or it has not.
"""

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.auth.models import User
from trunkline.db.savepoint import savepoint
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.jobs.models import Job, JobState
from trunkline.operation import Actor, Context
from trunkline_provisioning.rollouts import doing
from trunkline_provisioning.rollouts.events import RolloutDue, RolloutFinished, RolloutPaused
from trunkline_provisioning.rollouts.models import ProvisioningRollout, ProvisioningRolloutRow
from trunkline_provisioning.rollouts.schemas import (
    RolloutLimits,
    RolloutState,
    RolloutWish,
    RowState,
    ServiceWish,
)
from trunkline_provisioning.rollouts.telling import tell_failures

log = logging.getLogger(__name__)
#: How many begin in one transaction.
_TOGETHER = 5
#: From so many ends on the share of failures counts.
_SHARE_FROM = 10

_ENDS = {JobState.SUCCEEDED: RowState.DONE, JobState.CANCELLED: RowState.CANCELLED}


def locked(ctx: Context, rollout_id: int) -> ProvisioningRollout | None:
    """A rollout under its row lock."""
    return ctx.session.scalars(
        select(ProvisioningRollout)
        .where(col(ProvisioningRollout.id) == rollout_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def advance(ctx: Context, rollout_id: int) -> None:
    """Count what has ended, pause or end the rollout where it is time, let the next services begin, and tell what failed."""
    _look_ahead(ctx, rollout_id)
    rollout = locked(ctx, rollout_id)
    if rollout is None or rollout.state == RolloutState.DRAFT:
        return
    _count_ended(ctx, rollout)
    _go_on(ctx, rollout)
    tell_failures(ctx, rollout)


def _look_ahead(ctx: Context, rollout_id: int) -> None:
    """A playbook that this machine does not know yet is looked at before others wait for the lock."""
    wish = ctx.session.scalar(
        select(col(ProvisioningRollout.wish)).where(
            col(ProvisioningRollout.id) == rollout_id,
            col(ProvisioningRollout.state) == RolloutState.RUNNING,
            col(ProvisioningRollout.started) < col(ProvisioningRollout.total),
        )
    )
    if wish is not None:
        doing.look_ahead(ctx, RolloutWish.model_validate(wish))


def _go_on(ctx: Context, rollout: ProvisioningRollout) -> None:
    if rollout.state != RolloutState.RUNNING:
        return
    limits = RolloutLimits.model_validate(rollout.limits)
    if _end_if_done(ctx, rollout):
        return
    if why := _too_many_failed(rollout, limits):
        pause(ctx, rollout, why)
        return
    if rollout.in_canary and rollout.running == 0 and rollout.started >= limits.canary:
        _end_canary(ctx, rollout, limits)
    if rollout.state == RolloutState.RUNNING:
        _begin_next(ctx, rollout, limits)


def _wanted(rollout: ProvisioningRollout) -> int:
    return rollout.total - rollout.excluded


def _end_if_done(ctx: Context, rollout: ProvisioningRollout) -> bool:
    if rollout.started < _wanted(rollout) or rollout.running:
        return False
    rollout.state, rollout.finished_at, rollout.in_canary = RolloutState.DONE, ctx.now(), False
    ctx.emit(
        RolloutFinished(
            entity_id=rollout.key, number=rollout.number, done=rollout.done, failed=rollout.failed
        )
    )
    return True


def _too_many_failed(rollout: ProvisioningRollout, limits: RolloutLimits) -> str:
    failed = rollout.failed - rollout.failed_base
    ended = rollout.done + rollout.failed - rollout.ended_base
    if limits.stop_after is not None and failed >= limits.stop_after:
        return ngettext("One service failed.", "{n} services failed.", failed)
    if (
        limits.stop_percent is not None
        and ended >= _SHARE_FROM
        and failed * 100 > limits.stop_percent * ended
    ):
        return str(_("{failed} of {ended} services failed.", failed=failed, ended=ended))
    return ""


def _end_canary(ctx: Context, rollout: ProvisioningRollout, limits: RolloutLimits) -> None:
    rollout.in_canary = False
    went_well = rollout.failed == 0 and rollout.cancelled == 0
    if went_well and limits.canary_goes_on:
        return
    pause(
        ctx,
        rollout,
        str(_("The first {n} went well.", n=rollout.started))
        if went_well
        else str(_("Of the first {n} not all went well.", n=rollout.started)),
    )


def pause(ctx: Context, rollout: ProvisioningRollout, why: str) -> None:
    """Let nothing more begin until a person says so."""
    rollout.state, rollout.paused_why = RolloutState.PAUSED, why[:500]
    ctx.session.flush()
    ctx.emit(RolloutPaused(entity_id=rollout.key, number=rollout.number, why=why[:500]))


def _begin_next(ctx: Context, rollout: ProvisioningRollout, limits: RolloutLimits) -> None:
    room = min(limits.at_once - rollout.running, _allowed_by_rate(ctx.now(), rollout, limits))
    if rollout.in_canary:
        room = min(room, limits.canary - rollout.started)
    rows = _next_rows(ctx, rollout, min(room, _TOGETHER)) if room > 0 else []
    actor = _asker(ctx, rollout) if rows else None
    if rows and actor is None:
        pause(ctx, rollout, str(_("Whoever began it cannot sign in any more.")))
        return
    for row in rows:
        if actor is not None:
            _begin_one(ctx, rollout, row, actor)
    ctx.session.flush()
    if _end_if_done(ctx, rollout):
        return
    if len(rows) == _TOGETHER or (rows and rollout.running == 0):
        # More may begin at once, in a transaction of its own so that nobody waits long for this one.
        ctx.emit(RolloutDue(entity_id=rollout.key))


def _allowed_by_rate(now: datetime, rollout: ProvisioningRollout, limits: RolloutLimits) -> int:
    if limits.per_minute is None or rollout.rate_from is None:
        return limits.at_once
    seconds = max((now - rollout.rate_from).total_seconds(), 0)
    return int(seconds * limits.per_minute / 60) + 1 - (rollout.started - rollout.rate_base)


def _next_rows(ctx: Context, rollout: ProvisioningRollout, count: int) -> list[ProvisioningRolloutRow]:
    return list(
        ctx.session.scalars(
            select(ProvisioningRolloutRow)
            .where(
                col(ProvisioningRolloutRow.rollout_id) == rollout.key,
                col(ProvisioningRolloutRow.state) == RowState.WAITING,
            )
            .order_by(col(ProvisioningRolloutRow.id))
            .limit(count)
        )
    )


def _asker(ctx: Context, rollout: ProvisioningRollout) -> Actor | None:
    """Who began it, with the rights they have now."""
    user = ctx.session.get(User, rollout.user_id) if rollout.user_id is not None else None
    return actor_for(ctx.session, user) if user is not None and user.is_active else None


def _begin_one(ctx: Context, rollout: ProvisioningRollout, row: ProvisioningRolloutRow, actor: Actor) -> None:
    wish = RolloutWish.model_validate(rollout.wish)
    one = ServiceWish(service=row.service, **row.values)
    rollout.started += 1
    row.started_at = ctx.now()
    acting = replace(ctx, actor=actor)
    try:
        with savepoint(ctx.session):
            begun = doing.begin(acting, wish, one, f"rollout:{rollout.number}:{row.id}")
    except TrunklineError as refusal:
        remedy = getattr(refusal, "remedy", None)
        _ended(ctx, rollout, row, RowState.FAILED, f"{refusal} {remedy}" if remedy else str(refusal))
    except Exception:  # a plugin's code may raise anything, and the other services go on
        log.exception("rollout %s failed to begin with %s", rollout.number, row.service)
        _ended(ctx, rollout, row, RowState.FAILED, str(_("Something broke inside; nothing was changed.")))
    else:
        row.state, rollout.running = RowState.RUNNING, rollout.running + 1
        row.job_id, row.job_number, row.line_id = begun.job_id, begun.job_number, begun.line_id


def _count_ended(ctx: Context, rollout: ProvisioningRollout) -> None:
    """Rows that run and whose jobs are over: also those of which no event was seen."""
    rows = ctx.session.execute(
        select(ProvisioningRolloutRow, col(Job.state), col(Job.error))
        .join(Job, col(Job.id) == col(ProvisioningRolloutRow.job_id))
        .where(
            col(ProvisioningRolloutRow.rollout_id) == rollout.key,
            col(ProvisioningRolloutRow.state) == RowState.RUNNING,
            col(Job.state).in_([state for state in JobState if state.is_over]),
        )
    ).all()
    for row, state, error in rows:
        _ended(ctx, rollout, row, _ENDS.get(JobState(state), RowState.FAILED), error)
    if rows:
        ctx.session.flush()


def job_ended(ctx: Context, job_id: int, state: JobState, error: str) -> None:
    """A job is over: its service counts as that, whatever it counted as before."""
    _row_ended(ctx, col(ProvisioningRolloutRow.job_id) == job_id, _ENDS.get(state, RowState.FAILED), error)


def line_completed(ctx: Context, line_id: int) -> None:
    """An order line is done, perhaps at a later try."""
    _row_ended(ctx, col(ProvisioningRolloutRow.line_id) == line_id, RowState.DONE, "")


def _row_ended(ctx: Context, where: ColumnElement[bool], state: RowState, error: str) -> None:
    found = ctx.session.execute(
        select(col(ProvisioningRolloutRow.id), col(ProvisioningRolloutRow.rollout_id)).where(where).limit(1)
    ).one_or_none()
    if found is None:
        return
    rollout = locked(ctx, found.rollout_id)
    row = ctx.session.get(ProvisioningRolloutRow, found.id, populate_existing=True)
    if rollout is None or row is None:
        return
    if row.state != state:
        _ended(ctx, rollout, row, state, error)
        ctx.session.flush()
    advance(ctx, rollout.key)


def _ended(
    ctx: Context, rollout: ProvisioningRollout, row: ProvisioningRolloutRow, state: RowState, message: str
) -> None:
    counted = {RowState.RUNNING, RowState.DONE, RowState.FAILED, RowState.CANCELLED}
    if RowState(row.state) in counted:
        setattr(rollout, row.state, getattr(rollout, row.state) - 1)
    setattr(rollout, state.value, getattr(rollout, state.value) + 1)
    row.state, row.message, row.finished_at = state, message[:500], ctx.now()


def leave_rest(ctx: Context, rollout: ProvisioningRollout) -> None:
    """Those that wait stay as they are."""
    ctx.session.execute(
        update(ProvisioningRolloutRow)
        .where(
            col(ProvisioningRolloutRow.rollout_id) == rollout.key,
            col(ProvisioningRolloutRow.state) == RowState.WAITING,
        )
        .values(state=RowState.LEFT)
    )


def tick(ctx: Context) -> None:
    """Remind of every rollout that is at work: of the rate's next turn, and of what no event told."""
    keys = ctx.session.scalars(
        select(col(ProvisioningRollout.id)).where(
            (col(ProvisioningRollout.state) == RolloutState.RUNNING) | (col(ProvisioningRollout.running) > 0)
        )
    ).all()
    for key in keys:
        if key is not None:
            ctx.emit(RolloutDue(entity_id=key))
