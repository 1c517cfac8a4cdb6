"""REST of rollouts."""

from datetime import datetime

from pydantic import BaseModel

from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning.rollouts import operations, queries
from trunkline_provisioning.rollouts.schemas import PrepareRollout, RolloutRowView, RolloutState, RolloutView
from trunkline_provisioning.rollouts.tables import ROLLOUTS, rows_table


class RolloutRow(BaseModel):
    """A rollout as lists show it."""

    number: str
    title: str
    state: RolloutState
    services: int
    running: int
    done: int
    failed: int
    user_name: str
    created_at: datetime


def add_routes(rest: RestRoutes) -> None:
    """Add the routes under `/provisioning/rollouts`."""
    rest.get("/rollouts", permission="provisioning.rollout.list", table=ROLLOUTS)(rollouts)
    rest.post("/rollouts", permission="provisioning.rollout.create")(prepare)
    rest.get("/rollouts/{number}", permission="provisioning.rollout.list")(rollout)
    rest.get(
        "/rollouts/{number}/services",
        permission="provisioning.rollout.list",
        table=lambda ctx: rows_table(""),
    )(services)
    rest.post("/rollouts/{number}/start", permission="provisioning.rollout.run", status=202)(start)
    rest.post("/rollouts/{number}/pause", permission="provisioning.rollout.run", status=200)(pause)
    rest.post("/rollouts/{number}/go-on", permission="provisioning.rollout.run", status=202)(go_on)
    rest.post("/rollouts/{number}/stop", permission="provisioning.rollout.run", status=200)(stop)
    rest.delete("/rollouts/{number}", permission="provisioning.rollout.create")(discard)


def rollouts(ctx: Context, params: ListParams = list_params) -> Listing[RolloutRow]:
    """Changes of many services, newest first."""
    return read_list(ctx, ROLLOUTS, queries.list_rollouts(ctx), params, RolloutRow)


def prepare(ctx: Context, command: PrepareRollout) -> RolloutView:
    """Look at a list of services: how many can undergo the wish, which are excluded and why. Nothing begins yet."""
    return operations.prepare(ctx, command)


def rollout(ctx: Context, number: str) -> RolloutView:
    """One, with its counts."""
    return queries.view(queries.get(ctx, number))


def services(ctx: Context, number: str, params: ListParams = list_params) -> Listing[RolloutRowView]:
    """What became of each service. Filter: `state`."""
    row = queries.get(ctx, number)
    return read_list(ctx, rows_table(number), queries.list_rows(ctx, row), params, RolloutRowView)


def start(ctx: Context, number: str) -> RolloutView:
    """Let it begin, with its first services."""
    return operations.start(ctx, number)


def pause(ctx: Context, number: str) -> RolloutView:
    """Let nothing more begin."""
    return operations.pause(ctx, number)


def go_on(ctx: Context, number: str) -> RolloutView:
    """Go on after a pause."""
    return operations.go_on(ctx, number)


def stop(ctx: Context, number: str) -> RolloutView:
    """Services that have not begun stay as they are."""
    return operations.stop(ctx, number)


def discard(ctx: Context, number: str) -> None:
    """Throw a list away that has not begun."""
    operations.discard(ctx, number)
