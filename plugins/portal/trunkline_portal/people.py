"""What account owners do about others of their own customer: invite, say what they see, disable."""

from trunkline.access.operations import set_roles
from trunkline.auth import operations as auth
from trunkline.auth import telling
from trunkline.auth.models import User, UserStatus
from trunkline.auth.schemas import InvitePortalUser
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_portal import queries
from trunkline_portal.operations import enabled, invited_again
from trunkline_portal.schemas import ROLE_NAMES, EditPerson, InviteToPortal

_EDIT = "portal.person.edit"


@operation(_EDIT)
def invite(ctx: Context, command: InviteToPortal) -> User:
    """Mail somebody an invitation to the actor's own customer.

    Raises Refused for a role that is none of the portal's, Conflict (field `email`) for an address that can sign in already.
    """
    customer = queries.own_customer(ctx)
    _check_roles(command.roles)
    values = {**command.model_dump(), "customer_id": customer.key}
    user = auth.invite_portal_user(ctx, InvitePortalUser.model_validate(values))
    ctx.note(user, label=user.email, customer=customer.number)
    return user


@operation(_EDIT)
def invite_again(ctx: Context, user_id: int) -> User:
    """Mail a fresh invitation. Raises Refused when a password was set already or there is no address."""
    return invited_again(ctx, _other(ctx, user_id))


@operation(_EDIT)
def edit(ctx: Context, user_id: int, command: EditPerson) -> User:
    """Say what somebody else may see. Raises Refused for a role that is none of the portal's, Conflict when changed since."""
    _check_roles(command.roles)
    user = ctx.load(User, _other(ctx, user_id).key, version=command.version, lock=True)
    set_roles(ctx, user, command.roles)
    # Roles live in a table of their own; the form's version must notice them all the same.
    user.updated_at = ctx.now()
    ctx.note(user, label=user.email or user.name)
    telling.changed(ctx, user)
    return user


@operation(_EDIT)
def disable(ctx: Context, user_id: int) -> User:
    """Keep somebody else from signing in, at once."""
    return auth.disable_portal_user(ctx, _other(ctx, user_id).key)


@operation(_EDIT)
def enable(ctx: Context, user_id: int) -> User:
    """Let a disabled person sign in again. Raises Refused when they are not disabled."""
    user = _other(ctx, user_id)
    if user.status != UserStatus.DISABLED:
        raise Refused(_("{name} is not disabled.", name=user.name))
    return enabled(ctx, user)


def _other(ctx: Context, user_id: int) -> User:
    """Somebody else of the actor's customer: whoever could take their own rights away might leave nobody who has them."""
    user = queries.user_of(ctx, queries.own_customer(ctx), user_id)
    if user.key == (ctx.on_behalf_of or ctx.actor).id or user.key == ctx.actor.id:
        raise Refused(_("This is you."), remedy=_("Ask another account owner, or us."))
    return user


def _check_roles(names: list[str]) -> None:
    for name in names:
        if name not in ROLE_NAMES:
            raise Refused(
                _("You cannot give the role “{name}”.", name=name),
                field="roles",
                remedy=_("Choose among those offered."),
            )
