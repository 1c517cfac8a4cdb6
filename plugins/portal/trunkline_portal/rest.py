"""REST: who of a customer may use the portal."""

from collections.abc import Sequence

from trunkline.auth.code_sign_in import operations as phones
from trunkline.auth.code_sign_in.schemas import VerifyPhone
from trunkline.auth.models import User
from trunkline.customers import queries as customers
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes
from trunkline_portal import operations, queries
from trunkline_portal.schemas import AddWithoutEmail, InviteToPortal, PortalUserOut

routes = RestRoutes("/portal", "portal")


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


@routes.post("/customers/{number}/users/by-phone", permission="portal.user.invite")
def add_by_phone(ctx: Context, number: str, command: AddWithoutEmail) -> PortalUserOut:
    """Let somebody without e-mail sign in by tax id and a code to their phone, which is verified first: a code is sent to it."""
    return _out(operations.add_by_phone(ctx, number, command))


@routes.post("/customers/{number}/users/{user_id}/phone/send", permission="portal.user.invite", status=202)
def send_phone_code(ctx: Context, number: str, user_id: int) -> PortalUserOut:
    """Send another code to a phone that is to be verified; the one before stops working."""
    return _out(operations.send_phone_code(ctx, number, user_id))


# Opens its own units of work, so that a wrong code stays counted.
@routes.post(
    "/customers/{number}/users/{user_id}/phone", permission="portal.user.invite", status=200, reads=True
)
def verify_phone(ctx: Context, number: str, user_id: int, command: VerifyPhone) -> PortalUserOut:
    """Verify a phone by the code that its owner reads out."""
    user = queries.user_of(ctx, customers.get(ctx, number), user_id)
    phones.verify_phone(ctx.app, ctx.actor, user.key, command.code, permission="portal.user.invite")
    with ctx.app.reading(ctx.actor) as after:
        return _out(queries.user_of(after, customers.get(after, number), user_id))
