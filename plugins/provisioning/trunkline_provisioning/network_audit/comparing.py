"""The comparison itself: both sides go into a temporary database on disk, so that memory stays flat however much there is."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from trunkline_catalog import queries as catalog
from trunkline_provisioning.network_audit.expectations import Expectation, Expectations
from trunkline_provisioning.network_audit.readers import Holding, Options, Reader, ReadError
from trunkline_provisioning.network_audit.schemas import FindingKind

if TYPE_CHECKING:
    from trunkline.app import App

_AT_ONCE = 300
_MOST_PROBLEMS = 50


@dataclass(frozen=True)
class Found:
    """One difference. Of what is unknown to us there is no service."""

    reader: Reader
    place: str
    key: str
    kind: FindingKind
    fields: Mapping[str, tuple[str, str]]
    service_id: int | None = None
    service: str = ""
    customer_id: int | None = None


@dataclass
class Comparison:
    """One run over everything that can be read back."""

    app: "App"
    readers: Sequence[Reader]
    services: int = 0
    held: int = 0
    problems: list[str] = field(default_factory=list)
    #: Reader and way in of each element that something is expected of.
    places: dict[str, tuple[Reader, Options]] = field(default_factory=dict)
    #: Elements that could not be read: nothing is said about them.
    silent: set[str] = field(default_factory=set)

    @contextmanager
    def run(self, is_cancelled: Callable[[], bool]) -> Iterator[Iterator[Found]]:
        """Read both sides; yields the differences one after the other while the temporary database is there."""
        began = self.app.clock()
        with closing(sqlite3.connect("", isolation_level=None)) as table:
            table.execute("PRAGMA journal_mode=OFF")
            table.execute(
                "CREATE TABLE wanted (place, key, fields, id, number, customer, busy, PRIMARY KEY (place, key)) WITHOUT ROWID"
            )
            table.execute("CREATE TABLE held (place, key, fields, PRIMARY KEY (place, key)) WITHOUT ROWID")
            table.execute("BEGIN")
            self._expect(table, None)
            for place in self._standing_places():
                self.places.setdefault(*place)
            for name, (reader, options) in self.places.items():
                if is_cancelled():
                    break
                self._read(table, name, reader, options)
            # What was ordered meanwhile is asked again, or it would look like a difference.
            self._expect(table, began)
            yield self._differences(table)

    def way_to(self, place: str, key: str) -> tuple[Reader, Options] | None:
        """How to reach an element of which no service wants this key; None when one does, or none is at this place."""
        with self.app.reading() as ctx:
            expectations = Expectations(ctx, self.readers)
        ways = {name[:300]: way for name, way in self._standing_places()}
        after = 0
        while True:
            with self.app.reading() as ctx:
                part = catalog.provisioned_services(ctx, after=after, limit=_AT_ONCE)
            if not part:
                return ways.get(place)
            after = part[-1].service.id
            for one in part:
                try:
                    found = expectations.of(one.playbook, one.service, one.variables)
                except ValueError:
                    continue
                for each in found:
                    ways.setdefault(each.place[:300], (each.reader, each.options))
                    if (each.place[:300], each.holding.key[:500]) == (place, key):
                        return None

    def problem(self, text: str) -> None:
        """Something that could not be compared, in words."""
        if len(self.problems) < _MOST_PROBLEMS and text not in self.problems:
            self.problems.append(text[:300])

    def _standing_places(self) -> Iterator[tuple[str, tuple[Reader, Options]]]:
        """Elements that are read even when nothing is expected of them: the HLR of the settings, where a playbook uses it."""
        from trunkline_provisioning.network_audit.hlr import READER
        from trunkline_provisioning.queries import hlr_place

        with self.app.reading() as ctx:
            place = hlr_place(ctx)
            expectations = Expectations(ctx, [READER])
            used = any(
                product.playbook and expectations.reads(product.playbook)
                for product in catalog.products(ctx, retired=True)
            )
        if used and READER in self.readers:
            options = {"host": place.host, "port": place.port}
            yield READER.place(options), (READER, options)

    def _expect(self, table: sqlite3.Connection, since: datetime | None) -> None:
        with self.app.reading() as ctx:
            expectations = Expectations(ctx, self.readers)
        after = 0
        while True:
            with self.app.reading() as ctx:
                part = catalog.provisioned_services(ctx, after=after, limit=_AT_ONCE, since=since)
            if not part:
                return
            after = part[-1].service.id
            if since is not None:
                table.executemany("DELETE FROM wanted WHERE id = ?", [(one.service.id,) for one in part])
            for one in part:
                self._expect_one(table, expectations, one, again=since is not None)

    def _expect_one(
        self, table: sqlite3.Connection, expectations: Expectations, one: catalog.Provisioned, *, again: bool
    ) -> None:
        try:
            found = expectations.of(one.playbook, one.service, one.variables)
        except ValueError as error:
            self.problem(f"{one.playbook}: {error}")
            return
        self.services += bool(found) and not again
        for expectation in found:
            self.places.setdefault(expectation.place, (expectation.reader, expectation.options))
            self._keep_wanted(table, expectation, one)

    def _keep_wanted(
        self, table: sqlite3.Connection, expectation: Expectation, one: catalog.Provisioned
    ) -> None:
        fields = json.dumps(dict(expectation.holding.fields))
        service = one.service
        table.execute(
            "INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                expectation.place,
                expectation.holding.key,
                fields,
                service.id,
                service.number,
                service.customer_id,
                one.busy,
            ),
        )
        if expectation.reader.everything is None:
            self._read_one(table, expectation)

    def _read_one(self, table: sqlite3.Connection, expectation: Expectation) -> None:
        if expectation.place in self.silent:
            return
        try:
            held = expectation.reader.one(expectation.options, expectation.holding)
        except ReadError as error:
            self._silent(expectation.place, error)
            return
        if held is not None:
            self._keep_held(table, expectation.place, held)

    def _read(self, table: sqlite3.Connection, name: str, reader: Reader, options: Options) -> None:
        if reader.everything is None:
            return
        try:
            for held in reader.everything(options):
                self._keep_held(table, name, held)
        except ReadError as error:
            self._silent(name, error)

    def _silent(self, place: str, error: ReadError) -> None:
        self.silent.add(place)
        self.problem(f"{place}: {error}")

    def _keep_held(self, table: sqlite3.Connection, place: str, held: Holding) -> None:
        table.execute(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?)", (place, held.key, json.dumps(dict(held.fields)))
        )
        self.held += 1

    def _differences(self, table: sqlite3.Connection) -> Iterator[Found]:
        rows = table.execute(
            "SELECT w.place, w.key, w.fields, w.id, w.number, w.customer, h.fields FROM wanted w "
            "LEFT JOIN held h ON h.place = w.place AND h.key = w.key WHERE NOT w.busy ORDER BY w.place, w.key"
        )
        for place, key, wanted, service_id, number, customer, held in rows:
            if place in self.silent:
                continue
            reader = self.places[place][0]
            about = {"service_id": service_id, "service": number, "customer_id": customer}
            should = Holding(key, json.loads(wanted))
            if held is None:
                fields = {name: (value, "") for name, value in should.fields.items()}
                yield Found(reader, place, key, FindingKind.MISSING, fields, **about)
            elif fields := reader.differing(should, Holding(key, json.loads(held))):
                yield Found(reader, place, key, FindingKind.DIFFERS, fields, **about)
        unknown = table.execute(
            "SELECT h.place, h.key, h.fields FROM held h LEFT JOIN wanted w ON w.place = h.place AND w.key = h.key "
            "WHERE w.key IS NULL ORDER BY h.place, h.key"
        )
        for place, key, held in unknown:
            if place not in self.silent:
                fields = {name: ("", value) for name, value in json.loads(held).items()}
                yield Found(self.places[place][0], place, key, FindingKind.UNKNOWN, fields)
