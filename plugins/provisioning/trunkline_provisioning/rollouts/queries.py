"""Reading rollouts."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_provisioning.rollouts.models import ProvisioningRollout, ProvisioningRolloutRow
from trunkline_provisioning.rollouts.schemas import RolloutLimits, RolloutState, RolloutView, RolloutWish


def get(ctx: Context, number: str, *, lock: bool = False) -> ProvisioningRollout:
    """One rollout by its number, locked when it is about to change. Raises NotFound."""
    statement = select(ProvisioningRollout).where(col(ProvisioningRollout.number) == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    rollout = ctx.session.scalars(statement).one_or_none()
    if rollout is None:
        raise NotFound(_("There is no rollout {number}.", number=number))
    return rollout


def view(rollout: ProvisioningRollout) -> RolloutView:
    """A rollout as pages and REST show it."""
    facts = {
        name: getattr(rollout, name) for name in RolloutView.model_fields if name not in ("wish", "limits")
    }
    return RolloutView(
        wish=RolloutWish.model_validate(rollout.wish),
        limits=RolloutLimits.model_validate(rollout.limits),
        **facts,
    )


def list_rollouts(ctx: Context) -> "Select[Any]":
    """Rollouts, for lists."""
    rollout = ProvisioningRollout
    statement: Any = select(
        col(rollout.id),
        col(rollout.number),
        col(rollout.title),
        col(rollout.state),
        (col(rollout.total) - col(rollout.excluded)).label("services"),
        col(rollout.done),
        col(rollout.failed),
        col(rollout.running),
        col(rollout.user_name),
        col(rollout.created_at),
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def list_rows(ctx: Context, rollout: ProvisioningRollout) -> "Select[Any]":
    """The services of a rollout that the actor may see, and those that nobody knows."""
    row = ProvisioningRolloutRow
    statement: Any = (
        select(
            col(row.id),
            col(row.service),
            col(row.label),
            col(Customer.number).label("customer"),
            col(Customer.name).label("customer_name"),
            col(row.state),
            col(row.message),
            col(row.job_number).label("job"),
            col(row.started_at),
            col(row.finished_at),
        )
        .outerjoin(Customer, col(Customer.id) == col(row.customer_id))
        .where(col(row.rollout_id) == rollout.key, *ctx.visible_conditions(row))
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def waiting_for_people(ctx: Context) -> int:
    """How many rollouts are paused."""
    statement = select(func.count()).where(col(ProvisioningRollout.state) == RolloutState.PAUSED)
    return ctx.session.scalar(statement) or 0
