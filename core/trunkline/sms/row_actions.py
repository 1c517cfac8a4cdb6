"""Sending many messages again."""

from trunkline.i18n import gettext as _
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context
from trunkline.sms import operations
from trunkline.sms.models import Sms


def _send_again(ctx: Context, key: int, command: NoValues) -> None:
    operations.send_again(ctx, ctx.load(Sms, key).number)


ROW_ACTIONS = (
    RowAction(
        "core.sms_send_again",
        "text_messages",
        _("Send again"),
        "core.sms.retry",
        _send_again,
        icon="send",
        effect=_("Messages that failed go out once more. Others stay as they are, and are listed."),
        order=10,
    ),
)
