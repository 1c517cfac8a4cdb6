"""Who of a customer may use the portal. The users themselves are core's."""

from trunkline.auth import operations as auth
from trunkline.auth.models import User, UserStatus
from trunkline.auth.schemas import InvitePortalUser
from trunkline.customers import queries as customers
from trunkline.customers.models import CustomerStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_portal import queries
from trunkline_portal.schemas import InviteToPortal


@operation("portal.user.invite")
def invite(ctx: Context, number: str, command: InviteToPortal) -> User:
    """Let somebody of the customer sign in, and mail them a link to set a password.

    Raises Refused for a customer who is closed or archived, Conflict (field `email`) for an address that can sign in already.
    """
    customer = customers.get(ctx, number)
    if customer.status in (CustomerStatus.CLOSED, CustomerStatus.ARCHIVED):
        raise Refused(
            _("{customer} is {status}.", customer=customer.name, status=customer.status),
            remedy=_("Make the customer active first."),
        )
    values = {**command.model_dump(), "customer_id": customer.key}
    user = auth.invite_portal_user(ctx, InvitePortalUser.model_validate(values))
    ctx.note(user, label=user.email, customer=customer.number)
    return user


@operation("portal.user.invite")
def invite_again(ctx: Context, number: str, user_id: int) -> User:
    """Mail a fresh invitation; the old link stops working. Raises Refused when a password was set already."""
    user = queries.user_of(ctx, customers.get(ctx, number), user_id)
    return auth.invite_portal_user_again(ctx, user.key)


@operation("portal.user.disable")
def disable(ctx: Context, number: str, user_id: int) -> User:
    """Keep a portal user from signing in, at once."""
    user = queries.user_of(ctx, customers.get(ctx, number), user_id)
    return auth.disable_portal_user(ctx, user.key)


@operation("portal.user.disable")
def enable(ctx: Context, number: str, user_id: int) -> User:
    """Let a disabled portal user sign in again. Raises Refused when the user is not disabled."""
    user = queries.user_of(ctx, customers.get(ctx, number), user_id)
    if user.status != UserStatus.DISABLED:
        raise Refused(_("{name} is not disabled.", name=user.name))
    return auth.enable_portal_user(ctx, user.key)
