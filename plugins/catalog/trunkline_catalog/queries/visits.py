"""Where somebody goes: what is ordered, and what failed, at the customers whom they look after."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer, Site
from trunkline.jobs.models import Job, JobState
from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.queries.orders import line_views
from trunkline_catalog.schemas import LineAction, LineState, OrderLineView

#: What is done where the customer is; suspending and resuming need nobody there.
_THERE = (LineAction.NEW, LineAction.CHANGE, LineAction.TERMINATE)
_OPEN = tuple(state.value for state in LineState if state.is_open)
_MOST = 60


class When(StrEnum):
    """Why a visit is told of: it failed, it is to be done by the end of today, or on a later day."""

    FAILED = "failed"
    TODAY = "today"
    LATER = "later"


class Place(BaseModel):
    """Where it is; degrees where they are known."""

    model_config = ConfigDict(frozen=True)

    name: str
    street: str
    city: str
    postal_code: str
    latitude: float | None
    longitude: float | None

    @property
    def address(self) -> str:
        """On one line, as a map takes it."""
        return ", ".join(part for part in (self.street, self.city, self.postal_code) if part)


class Visit(BaseModel):
    """One line of an order at a customer."""

    model_config = ConfigDict(frozen=True)

    when: When
    line: OrderLineView
    customer_number: str
    customer_name: str
    phone: str
    #: The moment before which nothing is done, aware; None: at once.
    begins: datetime | None
    place: Place | None


def visits(ctx: Context) -> list[Visit]:
    """The actor's, failed ones first, then by their moment. None for who looks after nobody."""
    line = CatalogOrderLine
    found = ctx.session.execute(
        select(line, Customer, col(Job.run_at), col(Job.state))
        .join(Customer, col(Customer.id) == col(line.customer_id))
        .outerjoin(Job, col(Job.id) == col(line.job_id))
        .where(
            col(Customer.assigned_user_id) == ctx.actor.id,
            col(line.action).in_([action.value for action in _THERE]),
            col(line.state).in_([*_OPEN, LineState.FAILED.value]),
            *ctx.visible_conditions(CatalogOrderLine),
        )
        .order_by(col(line.id).desc())
        .limit(_MOST)
    ).all()
    views = {view.id: view for view in line_views(ctx, [row[0] for row in found])}
    places = _places(ctx, {row[1].key for row in found})
    midnight = _end_of_today(ctx)
    told = [
        _visit(
            views[row.key],
            customer,
            run_at if state == JobState.QUEUED and run_at > ctx.now() else None,
            places,
            midnight,
        )
        for row, customer, run_at, state in found
    ]
    ranks = list(When)
    return sorted(
        told,
        key=lambda one: (ranks.index(one.when), one.begins.timestamp() if one.begins else 0, one.line.id),
    )


def _visit(
    line: OrderLineView,
    customer: Customer,
    begins: datetime | None,
    places: dict[int, dict[int, Place]],
    midnight: datetime,
) -> Visit:
    when = When.TODAY if begins is None or begins < midnight else When.LATER
    here = places.get(customer.key, {})
    return Visit(
        when=When.FAILED if line.state is LineState.FAILED else when,
        line=line,
        customer_number=customer.number,
        customer_name=customer.name,
        phone=customer.phone,
        begins=begins,
        # A customer with one site is visited there, even where the order names none.
        place=here.get(line.site_id or 0) or (next(iter(here.values())) if len(here) == 1 else None),
    )


def _places(ctx: Context, customers: set[int]) -> dict[int, dict[int, Place]]:
    found: dict[int, dict[int, Place]] = {}
    for site in ctx.session.scalars(select(Site).where(col(Site.customer_id).in_(customers))):
        found.setdefault(site.customer_id, {})[site.key] = Place.model_validate(site, from_attributes=True)
    return found


def _end_of_today(ctx: Context) -> datetime:
    zone = ctx.app.config.zone
    tomorrow = ctx.now().astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)
