"""Subscribers of an HLR that speaks Osmocom's VTY: read, compare, change only what differs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from trunkline_provisioning.hlr.vty import Vty, VtyError

Access = Literal["enabled", "suspended", "voice_barred", "data_barred"]

#: 3GPP TS 23.008 clause 2.1.1: network access mode, as OsmoHLR's VTY writes it.
MODES: dict[Access, str] = {
    "enabled": "cs+ps",
    "suspended": "none",
    "voice_barred": "ps",
    "data_barred": "cs",
}

#: The same as its list shows it; nothing: neither.
_LISTED: dict[str, Access] = {"csps": "enabled", "cs": "data_barred", "ps": "voice_barred"}

#: 3GPP TS 23.003 clause 2.2: an IMSI has at most 15 digits (3 of the country, 2 or 3 of the network, then the subscriber).
_IMSI = re.compile(r"\d{6,15}")
#: 3GPP TS 23.003 clause 3.3 and ITU-T E.164: an MSISDN has at most 15 digits, written here without "+".
_MSISDN = re.compile(r"\d{3,15}")
#: 3GPP TS 35.206 (MILENAGE): K and OPc are 128 bits.
_KEY = re.compile(r"[0-9a-f]{32}")

SIMULATED = "Simulated HLR"


@dataclass(frozen=True)
class Subscriber:
    """What the HLR holds of one IMSI. The keys appear in no representation."""

    imsi: str
    msisdn: str = ""
    ki: str = field(default="", repr=False)
    opc: str = field(default="", repr=False)
    access: Access = "enabled"


@dataclass(frozen=True)
class Outcome:
    """What `put` or `remove` did, in words without secrets. No words: everything was as wanted."""

    changes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.changes)


def checked(
    imsi: str, msisdn: str = "", ki: str = "", opc: str = "", access: Access = "enabled"
) -> Subscriber:
    """A subscriber as the HLR writes it: digits only, keys in lower case. Raises VtyError naming the value at fault."""
    msisdn, ki, opc = msisdn.removeprefix("+"), ki.strip().lower(), opc.strip().lower()
    if not _IMSI.fullmatch(imsi):
        raise VtyError(f"IMSI {imsi!r} must be 6 to 15 digits.")
    if msisdn and not _MSISDN.fullmatch(msisdn):
        raise VtyError(f"MSISDN {msisdn!r} must be 3 to 15 digits.")
    for name, key in (("Ki", ki), ("OPc", opc)):
        if key and not _KEY.fullmatch(key):
            raise VtyError(f"{name} must be 32 hexadecimal digits; this one has {len(key)} characters.")
    if bool(ki) != bool(opc):
        raise VtyError("MILENAGE needs both Ki and OPc.")
    return Subscriber(imsi, msisdn, ki, opc, access)


class Hlr:
    """An HLR behind an open VTY."""

    def __init__(self, vty: Vty) -> None:
        self.vty = vty
        vty.command("enable")

    @property
    def name(self) -> str:
        """What it is: the simulated one says so."""
        return SIMULATED if SIMULATED in self.vty.banner else "OsmoHLR"

    def find(self, imsi: str) -> Subscriber | None:
        """The subscriber, or None. Raises VtyError when the answer is neither."""
        lines = self.vty.command(f"subscriber imsi {imsi} show")
        if lines and lines[0].startswith("% No subscriber"):
            return None
        facts = dict(_fact(line) for line in lines)
        if facts.get("IMSI") != imsi:
            raise VtyError(f"{self.vty.place} gave an answer about {imsi} that is not understood.")
        msisdn = facts.get("MSISDN", "none")
        voice, data = "CS disabled" not in facts, "PS disabled" not in facts
        access: Access = (
            ("enabled" if data else "data_barred") if voice else ("voice_barred" if data else "suspended")
        )
        return Subscriber(
            imsi,
            "" if msisdn == "none" else msisdn,
            facts.get("K", "").lower(),
            facts.get("OPC", "").lower(),
            access,
        )

    def everybody(self) -> Iterator[Subscriber]:
        """Every subscriber without keys, as the HLR lists them. Raises VtyError when the answer is not understood."""
        for line in self.vty.lines("show subscribers all"):
            words = line.split()
            # ID, MSISDN, IMSI, IMEI and network access mode; neither of both modes leaves the last column empty.
            if len(words) < 3 or not words[0].isdigit():
                if line.startswith("%"):
                    raise VtyError(f"{self.vty.place} does not list its subscribers: {line}")
                continue
            _key, msisdn, imsi, *rest = words
            mode = rest[-1].lower().replace("+", "") if rest else ""
            yield Subscriber(imsi, "" if msisdn == "none" else msisdn, access=_LISTED.get(mode, "suspended"))

    def put(self, wanted: Subscriber, *, dry_run: bool = False) -> Outcome:
        """Make the subscriber be as `wanted`; an empty number or key leaves what the HLR holds. Raises VtyError when refused."""
        held = self.find(wanted.imsi)
        changes = []
        if held is None:
            changes.append("created")
            self._do(dry_run, f"subscriber imsi {wanted.imsi} create", expect="% Created")
            held = Subscriber(wanted.imsi)
        update = f"subscriber imsi {wanted.imsi} update"
        if wanted.msisdn and wanted.msisdn != held.msisdn:
            changes.append(f"MSISDN {held.msisdn or 'none'} → {wanted.msisdn}")
            self._do(dry_run, f"{update} msisdn {wanted.msisdn}", expect="% Updated")
        if wanted.ki and (wanted.ki, wanted.opc) != (held.ki, held.opc):
            changes.append("MILENAGE keys set")
            self._do(dry_run, f"{update} aud3g milenage k {wanted.ki} opc {wanted.opc}")
        if wanted.access != held.access:
            changes.append(wanted.access)
            self._do(dry_run, f"{update} network-access-mode {MODES[wanted.access]}")
        return Outcome(tuple(changes))

    def remove(self, imsi: str, *, dry_run: bool = False) -> Outcome:
        """Delete the subscriber; absent is fine. Raises VtyError when refused."""
        if self.find(imsi) is None:
            return Outcome()
        self._do(dry_run, f"subscriber imsi {imsi} delete", expect="% Deleted")
        return Outcome(("deleted",))

    def _do(self, dry_run: bool, command: str, *, expect: str = "") -> None:
        """Run a changing command. The VTY says nothing where it has nothing to add, and `% …` where it refuses."""
        if dry_run:
            return
        lines = self.vty.command(command)
        if expect and not any(line.startswith(expect) for line in lines):
            raise VtyError(f"{self.vty.place} refused: {' '.join(lines) or 'no answer'}")
        if not expect and lines:
            raise VtyError(f"{self.vty.place} refused: {_without_values(lines[0])}")


def _fact(line: str) -> tuple[str, str]:
    """`MSISDN: 5551…` and `K=0011…` as pairs; a line without a value (`CS disabled`) stands for itself."""
    text = line.strip()
    mark = re.match(r"([\w -]+?)(?:: |=)(.*)", text)
    return (mark.group(1), mark.group(2).strip()) if mark else (text, "")


def _without_values(answer: str) -> str:
    """A refusal quotes the value it refuses, which may be a key."""
    return re.sub(r"'[^']*'", "'…'", answer)
