"""Making the message that leaves: headers that cannot be broken out of, text and HTML as alternatives."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.mail.models import Email
from trunkline.mail.rendering import RenderedMail


def compose(email: Email, parts: RenderedMail) -> EmailMessage:
    """The message of a log row; composed again it is the same, Message-ID and date included.

    Raises Refused when the configured sender is no address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(email.sender)
    message["To"] = Address(addr_spec=email.recipient)
    message["Subject"] = parts.subject
    message["Date"] = format_datetime(email.queued_at)
    message["Message-ID"] = email.message_id
    # RFC 3834 §5: no vacation notices in answer to these.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parts.text)
    if parts.html:
        message.add_alternative(parts.html, subtype="html")
    if email.language:
        # Last, because making content replaces every Content-* header.
        message["Content-Language"] = email.language.replace("_", "-")
    return message


def check_sender(text: str) -> str:
    """A sender as in `Name <name@example.com>`. Raises ValueError when it is none."""
    if not text.isprintable():
        raise ValueError(_("A sender is one line, as in Name <name@example.com>."))
    try:
        return str(_address(text.strip()))
    except Refused as error:
        raise ValueError(error.message) from error


def _address(sender: str) -> Address:
    name, spec = parseaddr(sender)
    try:
        return Address(name, addr_spec=spec)
    except (ValueError, IndexError) as error:
        raise Refused(
            _("“{sender}” is no sender for mail.", sender=sender),
            field="mail.sender",
            remedy=_("Write [mail] sender as Name <name@example.com>."),
        ) from error
