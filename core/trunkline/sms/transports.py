"""Which way text messages leave, and the spool folder that is used where no carrier is chosen."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SettingChoices
from trunkline.providers import CheckedTransport, SmsMessage, SmsTransport
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App


class SmsSpool:
    """Writes messages into a folder, for operators without a carrier, demos and tests. One JSON file for each message."""

    name: str = "spool"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> str:
        """No carrier is there to be reached."""
        return str(_("No carrier is chosen: messages are kept in {folder}.", folder=self.folder))

    def send(self, message: SmsMessage) -> str:
        """Write the message; the same one again replaces itself. Raises Unavailable when the folder cannot be written."""
        name = f"{message.number}.json"
        body = {"number": message.number, "to": message.to, "text": message.text}
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self.folder / f".{name}.part"
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(body, file, ensure_ascii=False)
            partial.replace(self.folder / name)
        except OSError as error:
            raise Unavailable(
                f"The spool of text messages {self.folder} cannot be written: {error.strerror}."
            ) from error
        return f"spooled as {name}"


def spool_folder(app: "App") -> Path:
    """Where spooled text messages lie."""
    return app.config.data / "sms"


def transports(app: "App") -> Mapping[str, SmsTransport]:
    """Every way to send text messages by its name; the spool is always there."""
    spool: SmsTransport = SmsSpool(spool_folder(app))
    offered = [item for _plugin, item in app.hooks.gather("sms_transports") if isinstance(item, SmsTransport)]
    return {spool.name: spool} | {transport.name: transport for transport in offered}


def choices(ctx: Context) -> SettingChoices:
    """What `sms_transport` may be."""
    return SettingChoices("sms_transport", [(name, name) for name in transports(ctx.app)])


def chosen(ctx: Context) -> SmsTransport:
    """The transport that the settings name. Raises Unavailable when no enabled plugin offers it."""
    name = ctx.settings(CoreSettings).sms_transport
    known = transports(ctx.app)
    if name not in known:
        raise Unavailable(
            _("No enabled plugin sends text messages by “{name}”.", name=name),
            remedy=_("Enable its plugin, or set sms_transport to one of {names}.", names=", ".join(known)),
        )
    return known[name]


def check(ctx: Context) -> str:
    """Reach whoever carries text messages, without sending any. Raises Unavailable or Refused."""
    transport = chosen(ctx)
    if not isinstance(transport, CheckedTransport):
        raise Refused(
            _("{transport} cannot be tested without sending.", transport=transport.name),
            remedy=_("Send yourself a message and look at the list of text messages."),
        )
    return transport.check()
