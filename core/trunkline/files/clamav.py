"""ClamAV's daemon as a scanner of uploads, spoken to by its own protocol (`man clamd`: INSTREAM)."""

import io
import socket
import struct
from typing import BinaryIO

from trunkline.errors import Refused, Unavailable, why_silent
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

_SECONDS = 30.0
_CHUNK = 64 * 1024
_ANSWER = 4096
#: What every scanner finds and harms nobody (EICAR's test file), in two parts so that none finds it in here.
_TEST = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ClamAv:
    """`trunkline.providers.UploadScanner` behind a socket's path, or a host and port."""

    name: str = "clamav"

    def __init__(self, address: str, *, seconds: float = _SECONDS) -> None:
        self.address = address
        self._seconds = seconds

    def scan(self, content: BinaryIO) -> str:
        """What clamd found, empty where nothing was. Raises Refused for what is too large for it, Unavailable if it is silent."""
        answer = self._say(b"zINSTREAM\0", content)
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return ""
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        if "size limit exceeded" in answer:
            raise Refused(
                _("The virus scanner looks at no file this large, so it is not taken."),
                remedy=_("Split it, or ask an administrator to raise StreamMaxLength of clamd."),
            )
        raise self._silent(answer or str(_("no answer.")))

    def version(self) -> str:
        """What clamd calls itself and its signatures. Raises Unavailable."""
        return self._say(b"zVERSION\0")

    def _say(self, command: bytes, content: BinaryIO | None = None) -> str:
        try:
            with self._connected() as connection:
                connection.sendall(command)
                if content is not None:
                    _send(connection, content)
                return _answer(connection).decode("utf-8", "replace").strip("\0\n ")
        except (OSError, ValueError) as error:
            raise self._silent(why_silent(error)) from error

    def _connected(self) -> socket.socket:
        if self.address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(self._seconds)
                connection.connect(self.address)
            except OSError:
                connection.close()
                raise
            return connection
        host, _colon, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self._seconds)

    def _silent(self, why: str) -> Unavailable:
        return Unavailable(
            _("The virus scanner at {place} does not answer: {why}", place=self.address, why=why[:200]),
            remedy=_("No file is taken until it does. Try again later, or ask an administrator."),
        )


def _send(connection: socket.socket, content: BinaryIO) -> None:
    """Send a content in chunks, each after its length. clamd hangs up on what is too long, having said so: its answer is read."""
    try:
        while chunk := content.read(_CHUNK):
            connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _answer(connection: socket.socket) -> bytes:
    """What clamd says, up to the zero that ends it: behind it may be a reset, where it hung up on unread content."""
    answer = b""
    while b"\0" not in answer and len(answer) < _ANSWER:
        piece = connection.recv(_ANSWER)
        if not piece:
            break
        answer += piece
    return answer


def scanners(ctx: Context) -> tuple[ClamAv, ...]:
    """The daemon that the settings name; none where they name none."""
    address = ctx.settings(CoreSettings).virus_scanner
    return (ClamAv(address),) if address else ()


def check(ctx: Context) -> str:
    """Have the test file looked at that every scanner finds. Raises Refused where none is set up or finds it, Unavailable."""
    address = ctx.settings(CoreSettings).virus_scanner
    if not address:
        raise Refused(
            _("No virus scanner is set up; uploads are judged by their kind only."),
            remedy=_("Enter clamd’s socket or address, and save."),
        )
    scanner = ClamAv(address, seconds=8)
    version = scanner.version()
    if not scanner.scan(io.BytesIO(_TEST)):
        raise Refused(
            _("{version} answers, but does not find the test virus.", version=version),
            remedy=_("Have freshclam fetch its signatures."),
        )
    return str(_("{version} answers and finds the test virus.", version=version))
