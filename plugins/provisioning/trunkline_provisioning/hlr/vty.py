"""The text command line (VTY) of Osmocom programs: one command, the lines it answers."""

import re
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Self

#: A prompt ends what the program says: `OsmoHLR> `, or `OsmoHLR# ` once enabled; `OsmoHLR(config)# ` in a sub-mode.
_PROMPT = re.compile(rb"(?:^|\n)[\w.()-]+[>#] $")
#: Telnet commands (RFC 854): IAC with WILL, WONT, DO or DONT and an option, or IAC with one other command.
_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|[\xf0-\xfa])", re.DOTALL)
_LONGEST_ANSWER = 4_000_000


class VtyError(Exception):
    """The program cannot be reached or refused a command. The message never holds the command, which may carry keys."""


class Vty:
    """One connection, used by one thread. `timeout` is seconds for connecting and for each answer."""

    def __init__(self, host: str, port: int, *, timeout: float = 10.0) -> None:
        self.place = f"{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise VtyError(f"{self.place} does not answer: {error.strerror or error}.") from error
        #: What the program says of itself before the first prompt.
        self.banner = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def command(self, text: str) -> list[str]:
        """Send one command; returns its answer's lines without the echo. Raises VtyError when the program hangs up or is mute."""
        if any(character in text for character in "\r\n\0\xff?\t"):
            # A question mark or a tab asks for help in the middle of the line; the rest would end or corrupt it.
            raise VtyError("A command must be one line of plain characters.")
        try:
            self._socket.sendall(text.encode() + b"\n")
        except OSError as error:
            raise VtyError(f"{self.place} hung up: {error.strerror or error}.") from error
        lines = self._read().split("\n")
        if lines and lines[0].strip() == text.strip():
            del lines[0]
        return [line.rstrip() for line in lines if line.strip()]

    def lines(self, text: str) -> Iterator[str]:
        """The lines that a command answers, as they come: for answers of any length. Raises VtyError as `command` does."""
        if any(character in text for character in "\r\n\0\xff?\t"):
            raise VtyError("A command must be one line of plain characters.")
        self._socket.sendall(text.encode() + b"\n")
        rest = b""
        while True:
            *whole, rest = _TELNET.sub(b"", rest + self._block()).replace(b"\r", b"").split(b"\n")
            for line in whole:
                if shown := line.decode(errors="replace").rstrip():
                    yield shown
            if _PROMPT.search(b"\n" + rest):
                return

    def _block(self) -> bytes:
        try:
            block = self._socket.recv(65536)
        except OSError as error:
            raise VtyError(f"{self.place} gave no answer: {error.strerror or error}.") from error
        if not block:
            raise VtyError(f"{self.place} hung up.")
        return block

    def _read(self) -> str:
        received = b""
        while True:
            received += self._block()
            plain = _TELNET.sub(b"", received).replace(b"\r", b"")
            if prompt := _PROMPT.search(plain):
                return plain[: prompt.start()].decode(errors="replace")
            if len(received) > _LONGEST_ANSWER:
                raise VtyError(f"{self.place} says too much.")
