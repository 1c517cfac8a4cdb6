"""Mailing what failed of a rollout: one report to each person, in place of a mail for every service."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.roles import actor_for
from trunkline.auth.models import User
from trunkline.jobs.failure_mail import readers, write_to
from trunkline.operation import Context
from trunkline_provisioning.rollouts.models import ProvisioningRollout, ProvisioningRolloutRow
from trunkline_provisioning.rollouts.schemas import RolloutState, RowState

TEMPLATE = "provisioning/mail/rollout_failed"
#: So many services are named; the page has the rest.
_NAMED = 10


def tell_failures(ctx: Context, rollout: ProvisioningRollout) -> None:
    """Once nothing of it is at work, mail what failed since a person last let it go on; told again it queues no mail twice."""
    at_rest = rollout.state not in (RolloutState.DRAFT, RolloutState.RUNNING) and not rollout.running
    if not at_rest or rollout.failed <= rollout.failed_base:
        return
    failures = _failures(ctx, rollout)
    facts = {
        "number": rollout.number,
        "title": rollout.title,
        "state": rollout.state,
        "failed": rollout.failed,
        "started": rollout.started,
        "failures": failures,
        "more": rollout.failed - len(failures),
        "link": f"{ctx.app.config.public_url}/provisioning/rollouts/{rollout.number}",
    }
    for reader in readers(ctx, lambda user: _may_look(ctx, user)):
        write_to(ctx, reader, TEMPLATE, facts, f"rollout-failed:{rollout.number}:{rollout.started}")


def jobs_of_rollouts(ctx: Context, keys: Collection[int]) -> Sequence[int]:
    """Which of these jobs work on a service of a rollout."""
    found = select(col(ProvisioningRolloutRow.job_id)).where(col(ProvisioningRolloutRow.job_id).in_(keys))
    return [key for key in ctx.session.scalars(found) if key is not None]


def _may_look(ctx: Context, user: User) -> bool:
    return actor_for(ctx.session, user).may("provisioning.rollout.list")


def _failures(ctx: Context, rollout: ProvisioningRollout) -> list[dict[str, str]]:
    rows = ctx.session.scalars(
        select(ProvisioningRolloutRow)
        .where(
            col(ProvisioningRolloutRow.rollout_id) == rollout.key,
            col(ProvisioningRolloutRow.state) == RowState.FAILED,
        )
        .order_by(col(ProvisioningRolloutRow.id))
        .limit(_NAMED)
    )
    return [{"service": row.service, "message": row.message} for row in rows]
