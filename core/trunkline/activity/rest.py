"""REST: the activity log, for auditors' tools and for watching it from outside."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from trunkline.activity import queries
from trunkline.activity.tables import activity_table
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/activity", "activity")


class ActivitySummary(BaseModel):
    """An entry as the log lists it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    operation: str
    actor_kind: str
    actor_id: int | None
    actor: str
    on_behalf_of_id: int | None
    on_behalf_of: str
    address: str
    request_id: str
    subject_kind: str
    subject_id: int | None
    subject: str
    customer_id: int | None


class ActivityOut(ActivitySummary):
    """An entry whole. `changes` hold the values before and after, secrets masked; `seal` is None while it waits for one."""

    changes: list[dict[str, Any]]
    details: dict[str, Any]
    seal: int | None = None


@rest.get("", permission="core.activity.list", table=activity_table)
def activity(ctx: Context, params: ListParams = list_params) -> Listing[ActivitySummary]:
    """The log, newest first. Filters: `at_from`, `at_to`, `who`, `as`, `operation`, `on`, `customer`, `address`."""
    return read_list(ctx, activity_table(ctx), queries.entries(ctx), params, ActivitySummary)


class SealCheckOut(BaseModel):
    """What a verification of the whole log found; `findings` are the first hundred."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    seals: int
    entries: int
    waiting: int
    problems: int
    findings: list[str]


class SealsOut(BaseModel):
    """How far the log is sealed. `head`, to be kept elsewhere, is the newest seal's number and chain value.

    `waiting` entries have no seal yet; they are counted to 10,001.
    """

    head: str
    sealed_at: datetime | None
    seals: int
    waiting: int
    check: SealCheckOut | None


@rest.get("/seals", permission="core.activity.list")
def seals(ctx: Context) -> SealsOut:
    """How far the log is sealed, and whether it was found whole."""
    state = queries.sealed_state(ctx)
    return SealsOut(
        head=str(state.head or ""),
        sealed_at=state.sealed_at,
        seals=state.seals,
        waiting=state.waiting,
        check=SealCheckOut.model_validate(state.check) if state.check is not None else None,
    )


@rest.get("/{entry_id}", permission="core.activity.list")
def entry(ctx: Context, entry_id: int) -> ActivityOut:
    """One entry with the values before and after."""
    seal = queries.seal_of(ctx, entry_id)
    found = ActivityOut.model_validate(queries.entry(ctx, entry_id))
    return found.model_copy(update={"seal": seal.number if seal else None})
