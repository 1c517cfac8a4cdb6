"""Retention: the oldest sealed entries as a file that proves itself, after which (and only then) they may leave the database.

The file is JSON Lines: what it holds (`segment`), then each seal followed by its entries with salt and digest, then an end line
whose proof covers every byte before it. The seals stay in the database, so that the chain still verifies.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import RowMapping, func, insert, select
from sqlmodel import col

from trunkline.activity.chain import FIELDS, SEAL_FIELDS, Sealer, from_ranges, payload, plain, root
from trunkline.activity.checking import Period, verify
from trunkline.activity.erasures import as_facts, erased, with_erasures
from trunkline.activity.models import (
    ActivityDigest,
    ActivityEntry,
    ActivityErasure,
    ActivitySeal,
    ActivitySegment,
)
from trunkline.db import append_only
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation

if TYPE_CHECKING:
    from trunkline.app import App

FORMAT = 1
_SEALS_AT_ONCE = 10
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_DIGEST = ActivityDigest.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_SEAL = ActivitySeal.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


@dataclass
class Segment:
    """What a segment file holds, and what is wrong with it. `chains` are its seals' chain values by number."""

    first_seal: int = 0
    last_seal: int = 0
    entries: int = 0
    file_digest: str = ""
    chains: dict[int, str] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def export(app: "App", before: datetime, path: Path) -> Segment:
    """Write every sealed batch whose entries are all dated before `before` to a new file, and read it back.

    Raises Refused when there is none, when the log does not verify, or when the file exists.
    """
    numbers = _exportable(app, before)
    if not numbers:
        raise Refused(
            _("No sealed entries are older."), field="before", remedy=_("Choose a later day, or seal first.")
        )
    report = verify(app, period=Period(until=before))
    if report.problems:
        raise Refused(
            _("The log does not verify: {problem}", problem=report.findings[0]),
            remedy=_("Run trunkline activity verify and find out what happened first."),
        )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(
            _("{file} cannot be written: {problem}.", file=path, problem=error.strerror),
            field="out",
            remedy=_("Name a new file in a folder that this user may write to."),
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        _write(app, numbers, file)
        file.flush()
        os.fsync(file.fileno())
    found = read(path)
    if found.findings:
        raise Refused(_("The file did not come out as written: {problem}", problem=found.findings[0]))
    return found


def _exportable(app: "App", before: datetime) -> range:
    """The oldest seals still with their entries, as long as all of these are dated before `before`; never the newest seal."""
    with app.database.read() as session:
        done = session.scalar(select(func.max(col(ActivitySegment.last_seal)))) or 0
        newest = session.scalar(select(func.max(_SEAL.c.number))) or 0
        young = session.scalar(
            select(func.min(_SEAL.c.number)).where(_SEAL.c.number > done, _SEAL.c.last_at >= before)
        )
    return range(done + 1, min(young or newest, newest))


def _write(app: "App", numbers: range, file: IO[bytes]) -> None:
    sealer, written = Sealer(), sha256()

    def line(kind: str, value: Any) -> None:
        text = json.dumps({kind: value}, separators=(",", ":")).encode() + b"\n"
        written.update(text)
        file.write(text)

    line(
        "segment",
        {
            "format": FORMAT,
            "operator": app.config.operator_name,
            "exported_at": plain(app.clock()),
            "first_seal": numbers[0],
            "last_seal": numbers[-1],
            "key_id": sealer.key_id,
        },
    )
    for at in range(numbers[0], numbers[-1] + 1, _SEALS_AT_ONCE):
        for seal, rows in _batches(app, at, min(at + _SEALS_AT_ONCE - 1, numbers[-1])):
            line("seal", {name: plain(seal[name]) for name in (*SEAL_FIELDS, "chain")})
            for row in rows:
                facts = {"salt": row["salt"], "digest": row["digest"], "of": payload(row)}
                line("entry", {**facts, **as_facts(erased(row))})
    digest = written.hexdigest()
    line("end", {"sha256": digest, "proof": sealer.ending(digest)})


def _batches(app: "App", first: int, last: int) -> Iterator[tuple[RowMapping, list[RowMapping]]]:
    with app.database.read() as session:
        seals = session.execute(
            select(_SEAL).where(_SEAL.c.number.between(first, last)).order_by(_SEAL.c.number)
        ).mappings()
        for seal in seals.all():
            digests = _DIGEST.entry_id.table.join(_ENTRY.id.table, _ENTRY.id == _DIGEST.entry_id)
            statement = (
                with_erasures(
                    select(_DIGEST.salt, _DIGEST.digest, *(_ENTRY[name] for name in FIELDS)), digests
                )
                .where(_DIGEST.seal_no == seal["number"])
                .order_by(_DIGEST.entry_id)
            )
            yield seal, list(session.execute(statement).mappings())


def read(path: Path) -> Segment:
    """Verify a segment file by itself: every entry, every seal, that they follow each other, and that none is missing.

    Raises Refused for a file that cannot be read or is none of these.
    """
    reading = _Reading()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                reading.take(number, line)
    except OSError as error:
        raise Refused(
            _("{file} cannot be read: {problem}.", file=path, problem=error.strerror), field="file"
        ) from error
    return reading.over()


class _Reading:
    """One pass over a segment file, holding one seal's digests at a time."""

    def __init__(self) -> None:
        self.found, self.sealer = Segment(), Sealer()
        self._written, self._whole, self._ended = sha256(), sha256(), False
        self._seal: dict[str, Any] | None = None
        self._digests: list[tuple[int, str]] = []
        self._facts: dict[str, Any] = {}
        self._problems = self.found.findings.append

    def take(self, number: int, line: bytes) -> None:
        try:
            ((kind, value),) = json.loads(line).items()
            if self._ended:
                self._problems(_("Line {number} follows the end.", number=number))
            self._take(kind, value)
        except (ValueError, KeyError, TypeError, AttributeError):
            if number == 1:
                raise Refused(_("This is no segment of an activity log."), field="file") from None
            self._problems(_("Line {number} cannot be read.", number=number))
        self._whole.update(line)
        if not self._ended:
            self._written.update(line)

    def _take(self, kind: str, value: dict[str, Any]) -> None:
        if kind == "segment":
            if value["format"] != FORMAT:
                raise Refused(_("This segment was written by another release."), field="file")
            self._facts = value
            self.found.first_seal, self.found.last_seal = int(value["first_seal"]), int(value["last_seal"])
        elif kind == "seal":
            self._close()
            self._open(value)
        elif kind == "entry":
            self._entry(value)
        elif kind == "end":
            self._close()
            self._ended = True
            digest = self._written.hexdigest()
            if value["sha256"] != digest or value["proof"] != self.sealer.ending(digest):
                self._problems(
                    _("The end does not fit what is before it: lines were changed, added or lost.")
                )
        else:
            raise KeyError(kind)

    def _open(self, seal: dict[str, Any]) -> None:
        number = int(seal["number"])
        before = self._seal
        if seal["key_id"] != self.sealer.key_id:
            self._problems(
                _("Seal {number} was made with another key than this installation's.", number=number)
            )
        elif seal["chain"] != self.sealer.chain(seal):
            self._problems(_("Seal {number} was altered.", number=number))
        if number != (before["number"] + 1 if before else self.found.first_seal):
            self._problems(_("Seal {number} is not the next one.", number=number))
        elif before is not None and seal["previous"] != before["chain"]:
            self._problems(_("Seal {number} does not follow the one before it.", number=number))
        self._seal, self._digests = seal, []
        self.found.chains[number], self.found.counts[number] = seal["chain"], int(seal["count"])

    def _entry(self, line: dict[str, Any]) -> None:
        entry = line["of"]
        self.found.entries += 1
        self._digests.append((int(entry["id"]), line["digest"]))
        if not self.sealer.fits(entry, line["salt"], line["digest"], line.get("erased")):
            number = self._seal["number"] if self._seal else 0
            self._problems(_("Entry {entry} of seal {number} was altered.", entry=entry["id"], number=number))

    def _close(self) -> None:
        if self._seal is None:
            return
        number, sealed = self._seal["number"], from_ranges(self._seal["entries"])
        here = {key for key, _digest in self._digests}
        for key in sorted(sealed - here):
            self._problems(_("Entry {entry} of seal {number} is missing.", entry=key, number=number))
        for key in sorted(here - sealed):
            self._problems(_("Entry {entry} was inserted into seal {number}.", entry=key, number=number))
        if here == sealed and root(self._digests) != self._seal["root"]:
            self._problems(_("The digests of seal {number} were altered.", number=number))

    def over(self) -> Segment:
        if not self._ended:
            self._problems(_("The file has no end: it was cut off."))
        elif self._seal is None or self._seal["number"] != self.found.last_seal:
            self._problems(_("The file does not reach seal {number}.", number=self.found.last_seal))
        self.found.file_digest = self._whole.hexdigest()
        return self.found


def remove(app: "App", path: Path) -> Segment:
    """Delete from the database the entries that this file holds, once it verifies and is of this very log; seals stay.

    Raises Refused otherwise. Interrupted and called again it goes on where it stopped.
    """
    found = read(path)
    if found.findings:
        raise Refused(
            _("The file does not verify, so nothing was removed: {problem}", problem=found.findings[0]),
            field="file",
        )
    with app.database.read() as session:
        statement = select(_SEAL.c.number, _SEAL.c.chain).where(
            _SEAL.c.number.between(found.first_seal, found.last_seal)
        )
        here = {row.number: row.chain for row in session.execute(statement)}
        done = session.scalar(select(func.max(col(ActivitySegment.last_seal)))) or 0
        newest = session.scalar(select(func.max(_SEAL.c.number))) or 0
    if here != found.chains or found.last_seal >= newest or found.first_seal > done + 1:
        raise Refused(
            _("The file is not of this log, so nothing was removed."),
            field="file",
            remedy=_("Remove segments in order, in the installation that exported them."),
        )
    for first in range(max(found.first_seal, done + 1), found.last_seal + 1, _SEALS_AT_ONCE):
        last = min(first + _SEALS_AT_ONCE - 1, found.last_seal)
        count = sum(found.counts[number] for number in range(first, last + 1))
        with app.unit_of_work() as ctx:
            remove_seals(ctx, first, last, count, path.name, found.file_digest)
    return found


@operation("core.activity.archive")
def remove_seals(ctx: Context, first: int, last: int, count: int, file_name: str, file_digest: str) -> None:
    """Record an exported segment and delete its entries and their digests; the one way in which entries leave.

    Called by `remove` alone, which has verified the file. Raises Refused when other entries would go than those it holds.
    """
    segment = {
        "at": ctx.now(),
        "first_seal": first,
        "last_seal": last,
        "count": count,
        "file_name": file_name[:200],
        "file_digest": file_digest,
    }
    segment["proof"] = Sealer().proof(segment)
    ctx.session.execute(insert(ActivitySegment), [segment])
    connection = ctx.session.connection()
    entries, digests = _ENTRY.id.table, _DIGEST.entry_id.table
    erasures = ActivityErasure.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
    mine = select(_DIGEST.entry_id).where(_DIGEST.seal_no.between(first, last))
    with append_only.lifted(connection, [entries.name, digests.name, erasures.name]):
        connection.execute(erasures.delete().where(erasures.c.entry_id.in_(mine)))
        gone = connection.execute(entries.delete().where(_ENTRY.id.in_(mine))).rowcount
        if gone != count:
            raise Refused(_("The log changed meanwhile, so nothing was removed."), remedy=_("Verify it."))
        connection.execute(digests.delete().where(_DIGEST.seal_no.between(first, last)))
    ctx.note(
        None,
        label=_("seals {first} to {last}", first=first, last=last),
        entries=count,
        file=file_name,
        sha256=file_digest,
    )
