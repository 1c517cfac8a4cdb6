"""The built-in ways to send mail: SMTP (RFC 5321), and a spool folder where no host is configured."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.config import MailConfig
from trunkline.errors import Refused, Unavailable, why_silent
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import CheckedTransport, MailTransport

if TYPE_CHECKING:
    from trunkline.app import App


class SmtpTransport:
    """Hands messages to the operator's mail server. 4yz answers are tried again, 5yz are final (RFC 5321 §4.2.1)."""

    name = "smtp"

    def __init__(self, config: MailConfig) -> None:
        self.config = config

    def send(self, message: EmailMessage) -> str:
        """The server's answer to the message's data. Raises Unavailable or Refused."""
        try:
            with self._session() as server:
                return self._hand_over(server, message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _answered(code, text) from error
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(
                f"The mail server {self.config.host}:{self.config.port} does not answer: {why_silent(error)}",
                remedy="Check [mail] host, port and security.",
            ) from error

    def check(self) -> str:
        """Connect and sign in as for a message. Raises Unavailable or Refused."""
        place = f"{self.config.host}:{self.config.port}"
        try:
            with self._session() as server:
                code, text = server.noop()
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(
                _("The mail server {place} does not answer: {why}", place=place, why=why_silent(error)),
                remedy=_("Check [mail] host, port and security."),
            ) from error
        if code != 250:
            raise _answered(code, text)
        if self.config.user:
            return str(_("The mail server {place} answers and takes the user.", place=place))
        return str(_("The mail server {place} answers.", place=place))

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        config = self.config
        if config.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                config.host, config.port, timeout=config.timeout_seconds, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(config.host, config.port, timeout=config.timeout_seconds)
        try:
            if config.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if config.user:
                server.login(config.user, config.password)
            yield server
        finally:
            # What counts is the answer to DATA; a server that drops the line after it has the message.
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> str:
        server.ehlo_or_helo_if_needed()
        sender, recipient = message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec
        code, text = server.mail(sender)
        if code == 250:
            code, text = server.rcpt(recipient)
        if code in (250, 251):
            code, text = server.data(message.as_bytes())
        if code not in (250, 251):
            raise _answered(code, text)
        return _words(code, text)


class SpoolTransport:
    """Writes messages into a folder, for operators without a mail server, demos and tests. One file per Message-ID."""

    name = "spool"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> str:
        """No server is there to be reached."""
        return str(_("No mail server is configured: messages are kept in {folder}.", folder=self.folder))

    def send(self, message: EmailMessage) -> str:
        """Write the message; the same one again replaces itself. Raises Unavailable when the folder cannot be written."""
        name = spooled_as(str(message["Message-ID"]))
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self.folder / f".{name}.part"
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.as_bytes())
            partial.replace(self.folder / name)
        except OSError as error:
            raise Unavailable(f"The mail spool {self.folder} cannot be written: {error.strerror}.") from error
        return f"spooled as {name}"


def check(ctx: Context) -> str:
    """Reach whoever carries mail, without sending any; says who answered. Raises Unavailable or Refused."""
    transport = transport_for(ctx.app)
    if not isinstance(transport, CheckedTransport):
        raise Refused(
            _("{transport} cannot be tested without sending.", transport=transport.name),
            remedy=_("Send yourself a new password and look into the e-mail log."),
        )
    return transport.check()


def spooled_as(message_id: str) -> str:
    """What the file of a spooled message is called."""
    return "".join(c for c in message_id.partition("@")[0] if c.isalnum() or c in ".-_") + ".eml"


def spool_folder(app: "App") -> Path:
    """Where spooled messages lie."""
    return app.config.data / "spool"


def transport_for(app: "App") -> MailTransport:
    """The first transport a plugin offers, else SMTP when a host is configured, else the spool."""
    for _plugin, transport in app.hooks.gather("mail_transports"):
        if isinstance(transport, MailTransport):
            return transport
    if app.config.mail.host:
        return SmtpTransport(app.config.mail)
    return SpoolTransport(spool_folder(app))


def _answered(code: int, text: bytes | str) -> Unavailable | Refused:
    words = _words(code, text)
    if 500 <= code < 600:
        return Refused(f"The mail server refused it: {words}")
    return Unavailable(f"The mail server cannot take it now: {words}")


def _words(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(shown.split())}"[:500]
