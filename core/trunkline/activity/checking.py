"""Verifying the log: every seal against the one before, every digest against its seal, every entry against its digest."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, func, select
from sqlmodel import col

from trunkline.activity import heads
from trunkline.activity.chain import BEGINNING, FIELDS, Sealer, from_ranges, payload, root
from trunkline.activity.erasures import erased, with_erasures
from trunkline.activity.models import ActivityDigest, ActivityEntry, ActivitySeal, ActivitySegment
from trunkline.errors import Refused
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.app import App

#: An entry dated so long before a seal that does not hold it came afterwards. No unit of work lasts as long.
LATE = timedelta(hours=1)
_KEPT = 1000
_SEALS_AT_ONCE = 200
_ENTRIES_AT_ONCE = 4000
#: So many of them lie in memory at a time: with what they changed, a thousand take 4 MB.
_ROWS_AT_ONCE = 200
_NO_BATCH: tuple[int | None, Iterable[RowMapping]] = (None, ())
_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_DIGEST = ActivityDigest.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_SEAL = ActivitySeal.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it


@dataclass
class Report:
    """What a verification found. `findings` are the first thousand `problems`, in words."""

    seals: int = 0
    entries: int = 0
    #: Entries of exported and removed segments, of which the seals remain.
    exported: int = 0
    #: Entries that came since the last seal.
    waiting: int = 0
    problems: int = 0
    findings: list[str] = field(default_factory=list)
    head: heads.Head | None = None

    def found(self, problem: str) -> None:
        self.problems += 1
        if len(self.findings) < _KEPT:
            self.findings.append(problem)


@dataclass(frozen=True)
class Period:
    """Verify only entries dated in [`since`, `until`); the chain of seals is always verified whole."""

    since: datetime | None = None
    until: datetime | None = None

    def touches(self, seal: RowMapping) -> bool:
        after = self.since is None or seal["last_at"] >= self.since
        return after and (self.until is None or seal["first_at"] < self.until)


def verify(
    app: "App",
    *,
    period: Period | None = None,
    known_heads: Sequence[heads.Head] = (),
    progress: Callable[[Report], None] | None = None,
) -> Report:
    """Verify the log, in short reads beside the running system. `known_heads` are heads taken from the log stream."""
    return _Verification(app, period or Period(), known_heads, progress).run()


class _Verification:
    def __init__(
        self,
        app: "App",
        period: Period,
        known_heads: Sequence[heads.Head],
        progress: Callable[[Report], None] | None,
    ) -> None:
        self.app, self.period, self.progress = app, period, progress
        self.report, self.sealer = Report(), Sealer()
        self.removed = self._removed()
        self.expected: dict[int, set[str]] = {}
        for head in [*known_heads, *self._noted()]:
            self.expected.setdefault(head.number, set()).add(head.chain)

    def run(self) -> Report:
        before: RowMapping | None = None
        for seals in self._seals():
            chosen: list[tuple[RowMapping, RowMapping | None]] = []
            for seal in seals:
                self._check_seal(seal, before)
                if seal["number"] in self.removed:
                    self.report.exported += seal["count"]
                elif self.period.touches(seal):
                    chosen.append((seal, before))
                before = seal
            for part in _parted(chosen):
                self._check_entries(part)
                if self.progress is not None:
                    self.progress(self.report)
        if before is not None:
            self.report.head = heads.Head(before["number"], before["chain"])
        self._check_end(before)
        self._check_unsealed(before)
        return self.report

    def _seals(self) -> Iterator[Sequence[RowMapping]]:
        reached = 0
        while True:
            statement = select(_SEAL).where(_SEAL.c.number > reached).order_by(_SEAL.c.number)
            with self.app.database.read() as session:
                page = session.execute(statement.limit(_SEALS_AT_ONCE)).mappings().all()
            if not page:
                return
            yield page
            reached = page[-1]["number"]

    def _check_seal(self, seal: RowMapping, before: RowMapping | None) -> None:
        number, due = seal["number"], before["number"] + 1 if before else 1
        self.report.seals += 1
        if number == due + 1:
            self.report.found(_("Seal {number} is missing.", number=due))
        elif number > due:
            self.report.found(_("Seals {first} to {last} are missing.", first=due, last=number - 1))
        if seal["key_id"] != self.sealer.key_id:
            self.report.found(
                _(
                    "Seal {number} was made with another key ({key}) than this installation's.",
                    number=number,
                    key=seal["key_id"],
                )
            )
        elif seal["chain"] != self.sealer.chain(seal):
            self.report.found(_("Seal {number} was altered.", number=number))
        if number == due and seal["previous"] != (before["chain"] if before else BEGINNING):
            self.report.found(_("Seal {number} does not follow the one before it.", number=number))
        wanted = self.expected.pop(number, set())
        if wanted - {seal["chain"]}:
            self.report.found(
                _("Seal {number} is not the one whose head was noted: the log was rewritten.", number=number)
            )

    def _check_end(self, last: RowMapping | None) -> None:
        number = last["number"] if last else 0
        for cut in sorted(known for known in self.expected if known > number):
            self.report.found(
                _(
                    "The log ends at seal {number}, although the head of seal {cut} was noted: its end was cut off, "
                    "or an older backup restored.",
                    number=number,
                    cut=cut,
                )
            )
        statement = (
            select(_DIGEST.seal_no).where(_DIGEST.seal_no > number).group_by(_DIGEST.seal_no).limit(100)
        )
        with self.app.database.read() as session:
            for orphan in session.execute(statement).scalars():
                newest = session.get(ActivitySeal, orphan)
                # A seal made while this ran is none of its business.
                if newest is None:
                    self.report.found(_("Seal {number} is missing, its digests are there.", number=orphan))

    def _noted(self) -> list[heads.Head]:
        try:
            known = heads.noted(self.app.config)
        except Refused:
            self.report.found(_("The file {file} was altered.", file=heads.FILE))
            return []
        return [] if known is None else [known]

    def _removed(self) -> set[int]:
        """Numbers of seals whose entries were exported and removed."""
        numbers: set[int] = set()
        table = ActivitySegment.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
        with self.app.database.read() as session:
            for row in session.execute(select(table)).mappings():
                if row["proof"] == self.sealer.proof(row):
                    numbers.update(range(row["first_seal"], row["last_seal"] + 1))
                else:
                    self.report.found(
                        _(
                            "The record of removing seals {first} to {last} was altered or forged.",
                            first=row["first_seal"],
                            last=row["last_seal"],
                        )
                    )
        return numbers

    def _check_entries(self, part: Sequence[tuple[RowMapping, RowMapping | None]]) -> None:
        first, last = part[0][0]["number"], part[-1][0]["number"]
        digests = _DIGEST.entry_id.table.outerjoin(_ENTRY.id.table, _ENTRY.id == _DIGEST.entry_id)
        statement = (
            with_erasures(
                select(
                    _DIGEST.entry_id,
                    _DIGEST.seal_no,
                    _DIGEST.salt,
                    _DIGEST.digest,
                    *(_ENTRY[f] for f in FIELDS),
                ),
                digests,
            )
            .where(_DIGEST.seal_no.between(first, last))
            .order_by(_DIGEST.seal_no, _DIGEST.entry_id)
        )
        with self.app.database.read() as session:
            rows = session.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)).mappings()
            batches = groupby(rows, itemgetter("seal_no"))
            number, batch = next(batches, _NO_BATCH)
            for seal, before in part:
                if seal["number"] == number:
                    self._check_batch(seal, before, batch)
                    number, batch = next(batches, _NO_BATCH)
                else:
                    self._check_batch(seal, before, ())

    def _check_batch(self, seal: RowMapping, before: RowMapping | None, rows: Iterable[RowMapping]) -> None:
        number, sealed = seal["number"], from_ranges(seal["entries"])
        digests: list[tuple[int, str]] = []
        for row in rows:
            key = row["entry_id"]
            digests.append((key, row["digest"]))
            self.report.entries += 1
            if key not in sealed:
                self.report.found(
                    _("Entry {entry} was inserted into seal {number}.", entry=key, number=number)
                )
            if row["id"] is None:
                self.report.found(_("Entry {entry} of seal {number} is missing.", entry=key, number=number))
            elif not self._fits(row):
                self.report.found(_("Entry {entry} of seal {number} was altered.", entry=key, number=number))
            elif before is not None and _came_late(row, before):
                self.report.found(
                    _(
                        "Entry {entry} is dated {at}, but was not there when the log was sealed at {sealed}: it was inserted.",
                        entry=key,
                        at=f"{row['at']:%Y-%m-%d %H:%M:%S}",
                        sealed=f"{before['at']:%Y-%m-%d %H:%M:%S}",
                    )
                )
        lost = sealed - {key for key, _digest in digests}
        for key in sorted(lost):
            self.report.found(
                _("Entry {entry} of seal {number} is missing with its digest.", entry=key, number=number)
            )
        if not lost and root(digests) != seal["root"]:
            self.report.found(_("The digests of seal {number} were altered.", number=number))

    def _fits(self, row: RowMapping) -> bool:
        return self.sealer.fits(payload(row), row["salt"], row["digest"], erased(row))

    def _check_unsealed(self, last: RowMapping | None) -> None:
        statement = select(_ENTRY.id, _ENTRY.at).where(
            ~select(_DIGEST.entry_id).where(_DIGEST.entry_id == _ENTRY.id).exists()
        )
        if last is None:
            with self.app.database.read() as session:
                counted = session.scalar(select(func.count()).select_from(statement.subquery()))
            self.report.waiting = counted or 0
            return
        with self.app.database.read() as session:
            for row in session.execute(statement.execution_options(yield_per=1000)).mappings():
                if _came_late(row, last):
                    self.report.found(
                        _(
                            "Entry {entry} is dated {at}, before the last seal, but is not sealed: it was inserted.",
                            entry=row["id"],
                            at=f"{row['at']:%Y-%m-%d %H:%M:%S}",
                        )
                    )
                else:
                    self.report.waiting += 1


def _came_late(entry: RowMapping, before: RowMapping) -> bool:
    """Whether an entry that the seal `before` does not hold should have been there by its date."""
    backlog = before["reached_id"] < entry["id"] <= before["newest_id"]
    return not backlog and bool(entry["at"] < before["at"] - LATE)


def _parted(
    seals: Sequence[tuple[RowMapping, RowMapping | None]],
) -> Iterator[Sequence[tuple[RowMapping, RowMapping | None]]]:
    """Runs of consecutive seals that hold a few thousand entries together."""
    part: list[tuple[RowMapping, RowMapping | None]] = []
    size = 0
    for pair in seals:
        if part and (
            size + pair[0]["count"] > _ENTRIES_AT_ONCE or pair[0]["number"] != part[-1][0]["number"] + 1
        ):
            yield part
            part, size = [], 0
        part.append(pair)
        size += pair[0]["count"]
    if part:
        yield part


def seals_in_all(app: "App") -> int:
    """How many seals there are."""
    with app.database.read() as session:
        return session.scalar(select(func.count(col(ActivitySeal.number)))) or 0
