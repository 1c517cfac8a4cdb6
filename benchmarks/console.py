"""`./run bench console`: how long the console takes to find things at an operator of any size.

It makes the operator (see `benchmarks.operator_at_size`) once small and once as large as asked for, on SQLite and on PostgreSQL
where a server is named, and measures the same questions on both. The limits are those of a million customers:
`./run bench console --customers 1000000` takes about half an hour. Limits and growth are judged by processor time, because what a
busy neighbour adds is not the cost; times by the clock stand beside them. The last line printed is one JSON object.
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
from typing import TYPE_CHECKING

from benchmarks import console_files
from benchmarks.cost import Cost, Meter
from benchmarks.operator_at_size import People, fill

if TYPE_CHECKING:
    from trunkline.app import App

_SMALL = 10_000
#: Plugins whose pages and searches are measured.
_PLUGINS = ("inventory", "catalog", "billing")


@dataclass(frozen=True)
class Figure:
    """One measured thing at full size, in milliseconds of the processor and by the clock, and how often the small one's it is."""

    name: str
    median: float
    p99: float
    wall_median: float
    wall_p99: float
    #: The least that the same connection needs for anything: one row by its key.
    floor: float
    limit: float
    growth: float
    #: The median of the small operator.
    small: float
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
    #: What is asked, for people.
    text: str = ""


#: Each gives the questions for an operator with so many customers; the parts of the console add theirs.
Part = Callable[[int], Sequence[Question]]


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="size; limits hold at 1,000,000")
    parser.add_argument("--postgres", default=os.environ.get("TRUNKLINE_TEST_POSTGRES", ""), help="server")
    parser.add_argument("--only", choices=("sqlite", "postgres"), help="one database instead of both")
    parser.add_argument("--keep", type=Path, help="folder for what is made, used again when it is there")
    parser.add_argument(
        "--verbose", action="store_true", help="what each question costs, by processor and clock"
    )
    chosen = parser.parse_args()
    figures: list[Figure] = []
    written: list[console_files.FileFigure] = []
    for kind in ("sqlite", "postgres"):
        if chosen.only not in (None, kind) or (kind == "postgres" and not chosen.postgres):
            continue
        timed = []
        for size in (min(_SMALL, chosen.customers), chosen.customers):
            with _operator(kind, size, chosen.postgres, chosen.keep) as app:
                timed.append(_measured(app, size, chosen.verbose))
                if size == chosen.customers:
                    written += console_files.measured(kind, app, size)
        (small, _), (large, floor) = timed
        figures += _compared(kind, small, large, floor)
    _print(figures)
    files_kept = console_files.show(written)
    every: list[Figure | console_files.FileFigure] = [*figures, *written]
    print(json.dumps({_key(one.name, one): asdict(one) for one in every}))
    return 0 if files_kept and all(one.kept for one in figures) else 1


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


#: Costs of the questions of each figure, with its limit.
Costs = dict[tuple[str, float], list[Cost]]


def _measured(app: "App", size: int, verbose: bool) -> tuple[Costs, float]:
    """What every question costs, the least of three runs; and the floor."""
    found: Costs = {}
    meter = Meter(app)
    for part in PARTS:
        for question in part(size):
            question.ask(app)
            least = Cost.least(meter.cost(lambda q=question: q.ask(app)) for _ in range(3))  # type: ignore[misc]  # the default of a lambda has no type
            found.setdefault((question.figure, question.limit), []).append(least)
            if verbose:
                _say(f"{size:>9,} {question.figure:32}{least.cpu:9.2f}{least.wall:9.2f}  {question.text}")
    return found, _floor(app, meter)


def _floor(app: "App", meter: Meter) -> float:
    from sqlalchemy import text

    def one_row() -> None:
        with app.reading() as ctx:
            ctx.session.execute(text("SELECT name FROM core_customer WHERE id = 1")).one()

    return statistics.median(meter.cost(one_row).cpu for _ in range(100))


def _compared(kind: str, small: Costs, large: Costs, floor: float) -> list[Figure]:
    figures = []
    for (name, limit), runs in large.items():
        before = statistics.median(one.cpu for one in small[name, limit])
        cpu, wall = [one.cpu for one in runs], [one.wall for one in runs]
        median = statistics.median(cpu)
        figures.append(
            Figure(
                f"{kind}: {name}",
                *(median, _p99(cpu), statistics.median(wall), _p99(wall)),
                *(floor, limit, median / before, before),
            )
        )
    return figures


def _p99(runs: Sequence[float]) -> float:
    return sorted(runs)[min(len(runs) - 1, int(len(runs) * 0.99))]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(figures: Sequence[Figure]) -> None:
    heads = ("median", "p99", "limit", "of small", "growth", "by clock", "its p99", "floor")
    print(f"{'milliseconds of the processor':44}{''.join(f'{head:>10}' for head in heads)}")
    for one in figures:
        mark = "" if one.kept else "  exceeded"
        print(
            f"{one.name:44}{one.median:>10,.2f}{one.p99:>10,.2f}{one.limit:>10,.0f}{one.small:>10,.2f}{one.growth:>10,.2f}"
            f"{one.wall_median:>10,.2f}{one.wall_p99:>10,.2f}{one.floor:>10,.2f}{mark}"
        )


def _key(name: str, one: "Figure | console_files.FileFigure") -> str:
    rows = f"_{one.rows}" if isinstance(one, console_files.FileFigure) else ""
    return name.replace(": ", "_").replace(" ", "_") + rows


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

    return Question(figure, _SEARCH_LIMIT, ask, query)


def _lists(size: int) -> Sequence[Question]:
    from benchmarks.console_lists import lists

    return lists(size)


PARTS: list[Part] = [search, _lists]

if __name__ == "__main__":
    sys.exit(main())
