"""Inviting many customers to the portal at once."""

from pydantic import BaseModel, ConfigDict

from trunkline.auth.models import UserStatus
from trunkline.branding.spoken import language_for
from trunkline.customers import queries as customers
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.lists import RowAction
from trunkline.operation import Context
from trunkline_portal import operations, queries
from trunkline_portal.schemas import InviteToPortal, may_see_field


class InviteRows(BaseModel):
    """What those who are invited may see."""

    model_config = ConfigDict(extra="forbid")

    roles: list[str] = may_see_field()


def _invite(ctx: Context, key: int, command: InviteRows) -> None:
    customer = customers.by_id(ctx, key)
    address = customer.email.lower()
    known = next((user for user in queries.users_of(ctx, key) if user.email.lower() == address), None)
    if not address:
        raise Refused(
            _("{name} has no e-mail.", name=customer.name), remedy=_("Write one on its page first.")
        )
    if known is None:
        language = language_for(ctx, customer.language, customer.reseller_id)
        wanted = InviteToPortal(email=address, name=customer.name, language=language, roles=command.roles)
        operations.invite(ctx, customer.number, wanted)
    elif known.status == UserStatus.INVITED:
        operations.invite_again(ctx, customer.number, known.id)


ROW_ACTIONS = (
    RowAction(
        "portal.customer_invite",
        "customers",
        _("Invite to the portal"),
        "portal.user.invite",
        _invite,
        InviteRows,
        icon="send",
        effect=_(
            "Each customer is mailed a link to set a password, at the address on its page. Who was invited before gets a fresh "
            "link, who has a password keeps it."
        ),
        order=60,
    ),
)
