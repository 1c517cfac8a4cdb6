"""What belongs to a service goes along when that is suspended, resumed or terminated."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import LineAction, ServiceState, ServiceView, SuspensionReason

_LIVING = (ServiceState.DRAFT, ServiceState.PROVISIONING, ServiceState.ACTIVE, ServiceState.TERMINATING)


def going_along(
    ctx: Context,
    service: CatalogService,
    action: LineAction,
    reason: SuspensionReason | None,
    *,
    ahead: bool,
) -> list[tuple[CatalogService, bool]]:
    """The services to which the same is to be done, each under its lock, and whether the network is told of it.

    Raises Refused when another line is at work on one of them, and of what ends when one is still being set up; not for what
    lies `ahead`.
    """
    if action is LineAction.CHANGE:
        return []
    found = []
    # What is still being set up has nothing that could be suspended; it keeps the service from ending.
    among = _LIVING if action is LineAction.TERMINATE else (ServiceState.ACTIVE,)
    for one, view in _descendants(ctx, service, among):
        told = _told(view, action, reason)
        if told is None or (ahead and _waits(ctx, view, action, reason)):
            continue
        busy = queries.open_line_of(ctx, view.id)
        if busy is not None and not ahead:
            raise Refused(
                _("Order line {line} is at work on {service}.", line=busy.number, service=view.number),
                remedy=_(
                    "It belongs to {service}: wait until that is over, or cancel it.", service=service.number
                ),
            )
        if one.state == ServiceState.ACTIVE:
            found.append((one, told))
    return found


def refuse_alone(ctx: Context, service: CatalogService) -> None:
    """Raise Refused for a service that is paid for with its bundle while that goes on."""
    parent = ctx.session.get(CatalogService, service.parent_id) if service.parent_id is not None else None
    if service.covered and parent is not None and parent.state == ServiceState.ACTIVE:
        raise Refused(
            _("{service} is paid for with {bundle}.", service=service.number, bundle=parent.number),
            remedy=_("Terminate {bundle}: what belongs to it ends with it.", bundle=parent.number),
        )


def refuse_covered(service: CatalogService) -> None:
    """Raise Refused for another plan of a service that is paid for with its bundle."""
    if service.covered:
        raise Refused(
            _("{service} is paid for with its bundle and keeps its plan.", service=service.number),
            field="product_code",
            remedy=_("Terminate the bundle, and order what is wanted instead."),
        )


def _descendants(
    ctx: Context, service: CatalogService, among: Sequence[ServiceState]
) -> list[tuple[CatalogService, ServiceView]]:
    found: list[CatalogService] = []
    parents = [service.key]
    while parents:
        rows = ctx.session.scalars(
            select(CatalogService)
            .where(col(CatalogService.parent_id).in_(parents), col(CatalogService.state).in_(among))
            .order_by(col(CatalogService.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        found += rows
        parents = [row.key for row in rows]
    return list(zip(found, service_views(ctx, found), strict=True)) if found else []


def _told(view: ServiceView, action: LineAction, reason: SuspensionReason | None) -> bool | None:
    """Whether the network is told; None when nothing is to be done to this one."""
    if action is LineAction.SUSPEND:
        return None if reason in view.suspensions else not view.suspensions
    if action is LineAction.RESUME:
        return len(view.suspensions) == 1 if reason in view.suspensions else None
    return True


def _waits(ctx: Context, view: ServiceView, action: LineAction, reason: SuspensionReason | None) -> bool:
    wanted = (action, reason.value if reason is not None else "")
    return any((one.action, one.reason) == wanted for one in queries.waiting_lines_of(ctx, view.id))
