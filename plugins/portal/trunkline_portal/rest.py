"""REST: who of a customer may use the portal."""

from collections.abc import Sequence

from trunkline.auth.models import User
from trunkline.customers import queries as customers
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes
from trunkline_portal import operations, queries
from trunkline_portal.schemas import InviteToPortal, PortalUserOut

routes = RestRoutes("/portal", "Portal")


def _out(user: User) -> PortalUserOut:
    return PortalUserOut(
        id=user.key,
        email=user.email,
        name=user.name,
        phone=user.phone,
        status=user.status,
        last_sign_in_at=user.last_sign_in_at,
    )


@routes.get("/customers/{number}/users", permission="portal.user.list")
def list_users(ctx: Context, number: str) -> Sequence[PortalUserOut]:
    """Who of this customer may sign in to the portal."""
    customer = customers.get(ctx, number)
    return [PortalUserOut.model_validate(row._asdict()) for row in queries.users_of(ctx, customer.key)]


@routes.post("/customers/{number}/users", permission="portal.user.invite")
def invite(ctx: Context, number: str, command: InviteToPortal) -> PortalUserOut:
    """Invite somebody of this customer by mail."""
    return _out(operations.invite(ctx, number, command))


@routes.post("/customers/{number}/users/{user_id}/invite", permission="portal.user.invite", status=200)
def invite_again(ctx: Context, number: str, user_id: int) -> PortalUserOut:
    """Mail a fresh invitation."""
    return _out(operations.invite_again(ctx, number, user_id))


@routes.post("/customers/{number}/users/{user_id}/disable", permission="portal.user.disable", status=200)
def disable(ctx: Context, number: str, user_id: int) -> PortalUserOut:
    """Keep this user from signing in."""
    return _out(operations.disable(ctx, number, user_id))


@routes.post("/customers/{number}/users/{user_id}/enable", permission="portal.user.disable", status=200)
def enable(ctx: Context, number: str, user_id: int) -> PortalUserOut:
    """Let this user sign in again."""
    return _out(operations.enable(ctx, number, user_id))
