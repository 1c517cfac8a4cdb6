"""`./run bench console`: how long the console takes to find things at an operator of any size.

It makes the operator (see `benchmarks.operator_at_size`) once small and once as large as asked for, on SQLite and on PostgreSQL
where a server is named, and measures the same questions on both. The limits are those of a million customers:
`./run bench console --customers 1000000` takes about half an hour. The last line printed is one JSON object.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from benchmarks.operator_at_size import People, fill

if TYPE_CHECKING:
    from trunkline.app import App

_SMALL = 10_000
#: Plugins whose pages and searches are measured.
_PLUGINS = ("inventory", "catalog", "billing")


@dataclass(frozen=True)
class Figure:
    """One measured thing at full size: median and 99th percentile in milliseconds, and how often the small one's median it is."""

    name: str
    median: float
    p99: float
    #: The least that the same connection needs for anything: one row by its key.
    floor: float
    limit: float
    growth: float
    growth_limit: float = 1.5

    @property
    def kept(self) -> bool:
        return self.p99 <= self.limit and self.growth <= self.growth_limit


@dataclass(frozen=True)
class Question:
    """Something that is asked of the console, under the name of the figure it counts for."""

    figure: str
    limit: float
    ask: "Callable[[App], object]"


#: Each gives the questions for an operator with so many customers; the parts of the console add theirs.
Part = Callable[[int], Sequence[Question]]


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="size; limits hold at 1,000,000")
    parser.add_argument("--postgres", default=os.environ.get("TRUNKLINE_TEST_POSTGRES", ""), help="server")
    parser.add_argument("--only", choices=("sqlite", "postgres"), help="one database instead of both")
    parser.add_argument("--keep", type=Path, help="folder for what is made, used again when it is there")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    for kind in ("sqlite", "postgres"):
        if chosen.only not in (None, kind) or (kind == "postgres" and not chosen.postgres):
            continue
        timed = []
        for size in (min(_SMALL, chosen.customers), chosen.customers):
            with _operator(kind, size, chosen.postgres, chosen.keep) as app:
                timed.append((_measured(app, size), _floor(app)))
        figures += _compared(kind, *timed)
    _print(figures)
    return 0 if all(one.kept for one in figures) else 1


@contextlib.contextmanager
def _operator(kind: str, size: int, server: str, keep: Path | None) -> "Iterator[App]":
    """The assembled system over an operator of this size, made now unless it was kept."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.jobs.wake import Silent
    from trunkline.setup import prepare

    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as scratch, contextlib.ExitStack() as stack:
        folder = keep / f"{kind}-{size}" if keep is not None else Path(scratch)
        filled = folder / "filled"
        if keep is not None and not filled.exists():
            # What was broken off is no operator.
            shutil.rmtree(folder, ignore_errors=True)
        url = f"sqlite:///{folder}/trunkline.db"
        if kind == "postgres":
            name = f"bench_{size}" if keep is not None else f"bench_{token_hex(4)}"
            database = _own_database(server, name, kept=keep is not None, fresh=not filled.exists())
            url = stack.enter_context(database)
        app = App.start(Config(data=folder, database=url, plugins=_PLUGINS), waker=Silent())
        stack.callback(app.close)
        if not filled.exists():
            began = time.monotonic()
            prepare(app)
            fill(app, size, lambda text: _say(f"{kind}, {size:,}: {text}, {time.monotonic() - began:,.0f} s"))
            filled.touch()
        yield app


@contextlib.contextmanager
def _own_database(server: str, name: str, *, kept: bool, fresh: bool) -> Iterator[str]:
    """A database of this run on the server, dropped at its end unless it is kept."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if fresh:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        if not kept:
            with engine.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        engine.dispose()


def _measured(app: "App", size: int) -> dict[tuple[str, float], list[float]]:
    """Milliseconds of every question: the least of three, because what a busy neighbour adds is not its cost."""
    found: dict[tuple[str, float], list[float]] = {}
    for part in PARTS:
        for question in part(size):
            question.ask(app)
            least = min(_timed(lambda q=question: q.ask(app)) for _ in range(3))  # type: ignore[misc]  # the default of a lambda has no type
            found.setdefault((question.figure, question.limit), []).append(least)
    return found


def _floor(app: "App") -> float:
    from sqlalchemy import text

    def one_row() -> None:
        with app.reading() as ctx:
            ctx.session.execute(text("SELECT name FROM core_customer WHERE id = 1")).one()

    return statistics.median(_timed(one_row) for _ in range(100))


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _compared(
    kind: str,
    small: tuple[dict[tuple[str, float], list[float]], float],
    large: tuple[dict[tuple[str, float], list[float]], float],
) -> list[Figure]:
    figures = []
    for (name, limit), runs in large[0].items():
        median = statistics.median(runs)
        growth = median / statistics.median(small[0][name, limit])
        p99 = sorted(runs)[min(len(runs) - 1, int(len(runs) * 0.99))]
        figures.append(Figure(f"{kind}: {name}", median, p99, large[1], limit, growth))
    return figures


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(figures: Sequence[Figure]) -> None:
    print(f"{'milliseconds':44}{'median':>9}{'p99':>9}{'floor':>9}{'limit':>9}{'growth':>9}")
    for one in figures:
        mark = "" if one.kept else "  exceeded"
        print(
            f"{one.name:44}{one.median:>9,.2f}{one.p99:>9,.2f}{one.floor:>9,.2f}{one.limit:>9,.0f}{one.growth:>9,.2f}{mark}"
        )
    print(json.dumps({one.name.replace(": ", "_").replace(" ", "_"): asdict(one) for one in figures}))


# Search

_SEARCH_LIMIT = 50.0
_TYPED = 12


def search(size: int) -> Sequence[Question]:
    """What people type into the box, letter by letter: names, surnames, numbers from either end, and mistakes."""
    random, people = Random(1), People()
    questions = []
    for _ in range(12):
        place = random.randint(1, size)
        facts = people.at(place)
        national, surname = facts.phone[3:], facts.name.split()[-1]
        turned = f"{surname} {facts.name.split()[0]}"
        wrong = facts.name[:3] + facts.name[4:]
        for length in range(1, _TYPED + 1):
            whole = [
                ("name", facts.name[:length]),
                ("surname", surname[:length]),
                ("surname first", turned[:length]),
                ("number from its start", national[:length]),
                ("with a mistake", wrong[:length]),
            ]
            if length >= 3:
                whole += [("last digits", number[-length:]) for number in (facts.phone, facts.iccids[0])]
                whole.append(("digits from the middle", facts.iccids[0][-length - 2 : -2]))
            questions += [_search(f"search, {kind}", query) for kind, query in whole if query.strip()]
    return questions


def _search(figure: str, query: str) -> Question:
    from trunkline.search.queries import look_for

    def ask(app: "App") -> object:
        with app.reading() as ctx:
            return look_for(ctx, query, 6, hurried=True)

    return Question(figure, _SEARCH_LIMIT, ask)


def _lists(size: int) -> Sequence[Question]:
    from benchmarks.console_lists import lists

    return lists(size)


PARTS: list[Part] = [search, _lists]

if __name__ == "__main__":
    sys.exit(main())
