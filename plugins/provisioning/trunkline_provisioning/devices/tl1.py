"""TL1 (Telcordia GR-831-CORE) over TCP: commands, their answers, and elements kept as wanted."""

import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from trunkline_provisioning.devices.outcome import DeviceError, Outcome, masked, secrets_in, without

_LONGEST_ANSWER = 4_000_000
#: GR-831 section 4: an identifier is letters, digits and hyphens; values with anything else are quoted text.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_VERB = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+){0,2}")
_BLOCK = re.compile(r"[A-Za-z0-9_.&-]*")
#: `M  100 COMPLD`: response identification of an output response message (GR-831 section 2.4).
_ANSWER = re.compile(r"^M\s+(?P<ctag>\S+)\s+(?P<code>COMPLD|DENY|PRTL|DELAY|RTRV)\s*$", re.MULTILINE)
#: What ends a message stands at the beginning of a line.
_END = re.compile(r"^[ ]*([;<>])", re.MULTILINE)
#: Error codes with which elements say that something is not there (GR-831 appendix A).
MISSING = ("IENE", "IIAC", "IICT", "ENNI", "SNOS", "SRCN", "NOAD")


@dataclass(frozen=True)
class Command:
    """An input message: `VERB:TID:AID:CTAG:GENERAL BLOCK:PARAMETERS;`. Values are quoted where TL1 asks for it."""

    verb: str
    aid: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: Values by position, before the named ones.
    positional: tuple[str, ...] = field(default=(), repr=False)
    states: str = ""

    def written(self, tid: str, ctag: str) -> str:
        """The message as it goes over the line. Raises DeviceError for a part that TL1 cannot carry."""
        if not _VERB.fullmatch(self.verb):
            raise DeviceError(f"“{self.verb}” is no TL1 command: it is like ED-ONT.")
        for name, block in (("TID", tid), ("AID", self.aid), ("state", self.states)):
            if not _BLOCK.fullmatch(block):
                raise DeviceError(
                    f"The {name} “{block}” must be letters, digits, hyphens, dots and ampersands."
                )
        named = [f"{_name(name)}={_quoted(value)}" for name, value in self.parameters.items()]
        values = ",".join([*map(_quoted, self.positional), *named])
        message = f"{self.verb.upper()}:{tid}:{self.aid}:{ctag}"
        if values or self.states:
            message += f"::{values}"
        if self.states:
            message += f":{self.states}"
        return f"{message};"


@dataclass(frozen=True)
class Answer:
    """What an element answered: its completion code, its error code and words where it denied, its lines."""

    code: str
    lines: tuple[str, ...] = ()

    @property
    def completed(self) -> bool:
        return self.code in ("COMPLD", "RTRV")

    @property
    def error(self) -> str:
        """Four letters such as IDNV; empty when it was completed."""
        return "" if self.completed or not self.lines else self.lines[0].strip()[:4]

    def values(self) -> dict[str, str]:
        """The named values of all quoted lines."""
        found: dict[str, str] = {}
        for line in self.lines:
            found.update(parse_line(line))
        return found


class Tl1:
    """One session, to be used as `with Tl1(host, port) as session`. `timeout` is seconds for connecting and each answer."""

    def __init__(self, host: str, port: int = 3083, *, tid: str = "", timeout: float = 10.0) -> None:
        self.place = f"{host}:{port}"
        self._tid = tid
        self._count = 0
        self._received = ""
        self._timeout = timeout
        self._secrets: set[str] = set()
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise DeviceError(f"{self.place} does not answer: {error.strerror or error}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def sign_in(self, username: str, password: str) -> None:
        """Activate the user. Raises DeviceError when the element denies it."""
        self._secrets.add(password)
        answer = self.send(Command("ACT-USER", username, positional=(password,)))
        if not answer.completed:
            raise DeviceError(
                f"{self.place} refused the user name or password of {username} ({answer.error})."
            )

    def sign_out(self, username: str) -> None:
        """Cancel the user's session; an element may hang up before it answers."""
        self.send(Command("CANC-USER", username))

    def send(self, command: Command) -> Answer:
        """Send one command; returns its answer, whatever else the element tells meanwhile. Raises DeviceError for silence."""
        self._count += 1
        self._secrets |= secrets_in(command.parameters)
        ctag = f"T{self._count}"
        try:
            self._socket.sendall(command.written(self._tid, ctag).encode())
            return self._answer(ctag)
        except TimeoutError:
            raise DeviceError(
                f"{self.place} gave no answer to {command.verb} {command.aid} within {self._timeout:g} s."
            ) from None
        except OSError as error:
            raise DeviceError(f"{self.place} hung up: {error.strerror or error}.") from None

    def do(self, command: Command) -> Answer:
        """Send a command that must be completed. Raises DeviceError with the element's own words."""
        answer = self.send(command)
        if not answer.completed:
            said = without(" ".join(" ".join(answer.lines).split()), self._secrets)
            raise DeviceError(f"{self.place} denied {command.verb} {command.aid}: {said or answer.code}")
        return answer

    def _answer(self, ctag: str) -> Answer:
        lines: list[str] = []
        while True:
            message, end = self._message()
            head = _ANSWER.search(message)
            # Acknowledgements (`IP T1 <`) and autonomous messages (`A  12 REPT ALM …`) come in between.
            if head is None or head.group("ctag") != ctag:
                continue
            body = message[head.end() :]
            lines += [line.strip() for line in body.splitlines() if line.strip() and "/*" not in line]
            if end == ";":
                return Answer(head.group("code"), tuple(lines))

    def _message(self) -> tuple[str, str]:
        """The next message and what ended it: `;` the end, `>` more follows (GR-831 section 2.4.4), `<` acknowledged."""
        while True:
            if end := _END.search(self._received):
                message, self._received = self._received[: end.start()], self._received[end.end() :]
                return message, end.group(1)
            block = self._socket.recv(65536)
            if not block:
                raise ConnectionError("it ended the connection")
            self._received += block.decode(errors="replace").replace("\r", "")
            if len(self._received) > _LONGEST_ANSWER:
                raise DeviceError(f"{self.place} says too much.")


@dataclass(frozen=True)
class Entity:
    """What is wanted of the entity that `check` shows. `missing` are error codes that mean it is not there."""

    check: Command
    expect: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Sent where it is not there; then, and where a value differs, `change`.
    create: tuple[Command, ...] = ()
    change: tuple[Command, ...] = ()
    remove: tuple[Command, ...] = ()
    #: Values that the element takes and never tells.
    write_only: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING


def keep(session: Tl1, wanted: Entity, *, absent: bool = False, dry_run: bool = False) -> Outcome:
    """Make the entity be as wanted, or absent. Raises DeviceError when it is denied or is not so afterwards."""
    held = _held(session, wanted)
    what = f"{session.place}: {wanted.check.aid or wanted.check.verb}"
    before = None if held is None else masked(held, wanted.write_only)
    if absent:
        if held is None:
            return Outcome(False, f"{what} already absent")
        _carry_out(session, wanted.remove, dry_run)
        if not dry_run and _held(session, wanted) is not None:
            raise DeviceError(f"{what} is still there after {_verbs(wanted.remove)}.")
        return Outcome(True, f"{what} removed", before, None)
    differing = _differing(wanted, held)
    if held is not None and not differing:
        return Outcome(False, f"{what} already as wanted", before, before, {"values": before})
    commands = (*wanted.create, *wanted.change) if held is None else wanted.change
    _carry_out(session, commands, dry_run)
    if not dry_run and (left := _differing(wanted, _held(session, wanted))):
        raise DeviceError(f"{what} is not as wanted after {_verbs(commands)}: {', '.join(left)} differ.")
    words = "created" if held is None else f"changed {', '.join(differing)}"
    after = masked({**(held or {}), **wanted.expect}, wanted.write_only)
    return Outcome(True, f"{what} {words}", before, after, {"values": after})


def _held(session: Tl1, wanted: Entity) -> dict[str, str] | None:
    answer = session.send(wanted.check)
    if answer.completed:
        return answer.values()
    if answer.error in wanted.missing:
        return None
    raise DeviceError(
        f"{session.place} denied {wanted.check.verb} {wanted.check.aid}: {' '.join(answer.lines)}"
    )


def _differing(wanted: Entity, held: Mapping[str, str] | None) -> list[str]:
    if held is None:
        return ["everything"]
    return [
        name
        for name, value in wanted.expect.items()
        if name not in wanted.write_only and held.get(name) != str(value)
    ]


def _carry_out(session: Tl1, commands: Sequence[Command], dry_run: bool) -> None:
    if not dry_run:
        for command in commands:
            session.do(command)


def _verbs(commands: Sequence[Command]) -> str:
    return ", ".join(command.verb for command in commands) or "no command"


def parse_line(line: str) -> dict[str, str]:
    """The values of one quoted answer line, `"AID:POSITIONAL:NAME=VALUE,…:PST,SST"` (GR-831 section 2.4.5).

    Named values under their names; the last block of states, when it has no `=`, as `STATE`.
    """
    text = line.strip().removeprefix('"').removesuffix('"')
    blocks = _split(text, ":")
    found = {"AID": blocks[0]} if blocks[0] and "=" not in blocks[0] else {}
    for block in blocks:
        for part in _split(block, ","):
            name, mark, value = part.partition("=")
            if mark and _PLAIN.fullmatch(name.strip()):
                found[name.strip().upper()] = _unquoted(value)
    if len(blocks) > 1 and blocks[-1] and "=" not in blocks[-1]:
        found["STATE"] = blocks[-1]
    return found


def _split(text: str, mark: str) -> list[str]:
    """Split where `mark` is outside quotes; inside a quoted line, quotes are written `\\"`."""
    parts, quoted, position = [""], False, 0
    while position < len(text):
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] in ('"', "\\"):
            escaped = text[position + 1]
            # A quote inside a quoted line opens or closes a value; a doubled escape is a quote of the value itself.
            quoted = (not quoted) if escaped == '"' else quoted
            parts[-1] += text[position : position + 2]
            position += 2
            continue
        if character == '"':
            quoted = not quoted
        if character == mark and not quoted:
            parts.append("")
        else:
            parts[-1] += character
        position += 1
    return parts


def _unquoted(value: str) -> str:
    plain = value.strip()
    for quote in ('\\"', '"'):
        if plain.startswith(quote) and plain.endswith(quote) and len(plain) >= 2 * len(quote):
            return plain[len(quote) : -len(quote)]
    return plain


def _name(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        raise DeviceError(f"“{name}” is no name of a TL1 value.")
    return name.upper()


def _quoted(value: Any) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text) or text == "":
        return text
    if any(character in text for character in '"\\') or any(ord(character) < 32 for character in text):
        # Elements disagree about how a quote is written inside a text, so none is sent.
        raise DeviceError("A TL1 value cannot hold quotation marks, backslashes or line breaks.")
    return f'"{text}"'
