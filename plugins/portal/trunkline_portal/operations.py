"""Who of a customer may use the portal. The users themselves are core's."""

from trunkline.auth import operations as auth
from trunkline.auth.code_sign_in import operations as phones
from trunkline.auth.models import User, UserStatus
from trunkline.auth.schemas import InvitePortalUser
from trunkline.customers import queries as customers
from trunkline.customers.archived import refuse_archived
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.web.tones import state_within
from trunkline_portal import queries
from trunkline_portal.schemas import AddWithoutEmail, InviteToPortal


@operation("portal.user.invite")
def invite(ctx: Context, number: str, command: InviteToPortal) -> User:
    """Let somebody of the customer sign in, and mail them a link to set a password.

    Raises Refused for a customer who is closed or archived, Conflict (field `email`) for an address that can sign in already.
    """
    customer = customers.get(ctx, number)
    _check_open(ctx, customer)
    values = {**command.model_dump(), "customer_id": customer.key}
    user = auth.invite_portal_user(ctx, InvitePortalUser.model_validate(values))
    ctx.note(user, label=user.email, customer=customer.number)
    return user


@operation("portal.user.invite")
def invite_again(ctx: Context, number: str, user_id: int) -> User:
    """Mail a fresh invitation; the old link stops working. Raises Refused when a password was set already."""
    return invited_again(ctx, queries.user_of(ctx, customers.get(ctx, number), user_id))


def invited_again(ctx: Context, user: User) -> User:
    """Part of operations: a fresh mail to somebody who has an address."""
    if not user.email:
        raise Refused(_("{name} has no e-mail.", name=user.name), remedy=_("Verify the phone instead."))
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
    return enabled(ctx, user)


def enabled(ctx: Context, user: User) -> User:
    """Part of operations: the user as before, active with a password or a verified phone, else invited."""
    user = auth.enable_portal_user(ctx, user.key)
    if not user.email and user.phone_verified_at is not None:
        user.status = UserStatus.ACTIVE
    return user


@operation("portal.user.invite")
def add_by_phone(ctx: Context, number: str, command: AddWithoutEmail) -> User:
    """Let somebody of the customer who has no e-mail sign in by tax id and a code, once the phone is verified.

    Raises Refused for a customer who left or has no tax id, and for a bad phone; Conflict (field `phone`) for one that is taken.
    """
    customer = customers.get(ctx, number)
    _check_open(ctx, customer)
    user = phones.add_by_phone(ctx, customer.key, command)
    ctx.note(user, label=user.name, customer=customer.number)
    return user


@operation("portal.user.invite")
def send_phone_code(ctx: Context, number: str, user_id: int) -> User:
    """Send another code to a phone that is to be verified. Raises Refused when it is already."""
    return phones.send_phone_code(ctx, queries.user_of(ctx, customers.get(ctx, number), user_id).key)


def _check_open(ctx: Context, customer: Customer) -> None:
    refuse_archived(ctx, customer, field="")
    if customer.status == CustomerStatus.CLOSED:
        raise Refused(
            _("{customer} is {status}.", customer=customer.name, status=state_within(customer.status)),
            remedy=_("Make the customer active first."),
        )
