"""A bundle's own line: it begins once the lines of its products are over and one of them has succeeded."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogOrderLine, CatalogService
from trunkline_catalog.operations.lines import close_cancelled, close_failed
from trunkline_catalog.operations.planning import enqueue_line
from trunkline_catalog.schemas import LineAction, LineState, ServiceState


def settle(ctx: Context, line: CatalogOrderLine) -> None:
    """After a line of a product is over: let the bundle begin, or end with its products; again changes nothing."""
    bundle = _waiting_bundle_of(ctx, line)
    if bundle is None:
        return
    states = member_states(ctx, bundle)
    if any(state.is_open for state in states):
        return
    if LineState.COMPLETED in states:
        _begin(ctx, bundle)
    elif LineState.FAILED in states:
        close_failed(ctx, bundle, str(_("None of its services could be set up.")))
    else:
        close_cancelled(ctx, bundle)


def wait_again(ctx: Context, line: CatalogOrderLine) -> None:
    """A line of a product is tried again: a bundle that failed with its products waits for it."""
    bundle = _bundle_of(ctx, line)
    if bundle is None or bundle.state != LineState.FAILED or bundle.job_id is not None:
        return
    bundle.state, bundle.error, bundle.finished_at = LineState.DRAFT, "", None
    bundle.open_service_id = bundle.service_id
    ctx.session.get_one(CatalogService, bundle.service_id).state = ServiceState.DRAFT
    ctx.session.flush()


def require_own_end(ctx: Context, line: CatalogOrderLine) -> None:
    """Raise Refused for the line of a bundle whose services live: without it nobody would pay for them."""
    if any(state not in (LineState.CANCELLED, LineState.FAILED) for state in member_states(ctx, line)):
        raise Refused(
            _("Line {number} is of a bundle, and goes with the lines of its services.", number=line.number),
            remedy=_("Cancel those lines, or terminate the services that work."),
        )


def require_member(ctx: Context, line: CatalogOrderLine) -> None:
    """Raise Refused for the line of a bundle of which nothing works."""
    states = member_states(ctx, line)
    if states and LineState.COMPLETED not in states:
        raise Refused(
            _("Nothing of what line {number} bundles works.", number=line.number),
            remedy=_("Try the lines of its services again; the bundle follows them."),
        )


def member_states(ctx: Context, bundle: CatalogOrderLine) -> list[LineState]:
    """How the lines stand that were ordered with a bundle as its parts; empty for any other line."""
    if bundle.action != LineAction.NEW:
        return []
    return [
        LineState(state)
        for state in ctx.session.scalars(
            select(col(CatalogOrderLine.state))
            .join(CatalogService, col(CatalogService.id) == col(CatalogOrderLine.service_id))
            .where(
                col(CatalogOrderLine.order_id) == bundle.order_id,
                col(CatalogService.parent_id) == bundle.service_id,
            )
        )
    ]


def _begin(ctx: Context, bundle: CatalogOrderLine) -> None:
    try:
        with ctx.session.begin_nested():
            enqueue_line(ctx, bundle, queries.product_by_id(ctx, bundle.product_id))
    except TrunklineError as error:
        # What went before is done and stays: the bundle alone failed, and can be tried again.
        close_failed(ctx, bundle, str(error))


def _waiting_bundle_of(ctx: Context, line: CatalogOrderLine) -> CatalogOrderLine | None:
    bundle = _bundle_of(ctx, line)
    return bundle if bundle is not None and bundle.state == LineState.DRAFT else None


def _bundle_of(ctx: Context, line: CatalogOrderLine) -> CatalogOrderLine | None:
    """The line of the bundle that a line was ordered with, under its lock: of two that end at once, the second sees both."""
    if line.action != LineAction.NEW:
        return None
    parent_id = ctx.session.scalar(
        select(col(CatalogService.parent_id)).where(col(CatalogService.id) == line.service_id)
    )
    if parent_id is None:
        return None
    return ctx.session.scalars(
        select(CatalogOrderLine)
        .where(
            col(CatalogOrderLine.order_id) == line.order_id,
            col(CatalogOrderLine.service_id) == parent_id,
            col(CatalogOrderLine.action) == LineAction.NEW,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
