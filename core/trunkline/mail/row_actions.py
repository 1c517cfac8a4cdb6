"""Sending many messages again."""

from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.mail import operations
from trunkline.mail.models import Email
from trunkline.operation import Context


def _send_again(ctx: Context, key: int, command: NoValues) -> None:
    operations.send_again(ctx, ctx.load(Email, key).number)


ROW_ACTIONS = (
    RowAction(
        "core.email_send_again",
        "emails",
        _("Send again"),
        "core.email.retry",
        _send_again,
        icon="send",
        effect=_(
            "Messages that failed or are parked go out once more. Others stay as they are, and are listed."
        ),
        order=10,
    ),
)
