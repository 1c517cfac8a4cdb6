"""`./run bench console`: how long the console takes to find and show things at an operator of any size.

It makes the operator (see `benchmarks.operator_at_size` and `benchmarks.lists_at_size`) once small and once as large as asked,
on SQLite and on PostgreSQL where a server is named, and measures the same questions on both: searches letter by letter, every
list in every order with every filter, pages as a browser asks for them, files. The limits are those of a million customers:
`./run bench console --customers 1000000 --keep FOLDER` takes about half an hour to make them once, and ten minutes after that.

Limits and growth are judged by the processor time of the process that answers (and of the database server's that serves it),
because what a busy neighbour adds is not the cost. What a person waits for stands beside it, by the clock: on a quiet machine
both must be within the limit, and the load of the machine is told. The last line printed is one JSON object.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import TYPE_CHECKING

from benchmarks import console_files
from benchmarks.console_figures import Costs, Count, Figure, Question, compared, load, show
from benchmarks.cost import Cost, Meter
from benchmarks.lists_at_size import fill_lists
from benchmarks.operator_at_size import People, fill

if TYPE_CHECKING:
    from trunkline.app import App

_SMALL = 10_000
#: Seconds for which a figure is asked at least: the least of a few short runs is as much the machine's as its own.
_ASKED_FOR = 6.0
#: Helpers of PostgreSQL would work beside the process whose time is taken.
_NO_HELPERS = "SET max_parallel_workers_per_gather = 0"
#: Plugins whose pages and searches are measured.
_PLUGINS = ("inventory", "catalog", "billing")


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000, help="size; limits hold at 1,000,000")
    parser.add_argument("--postgres", default=os.environ.get("TRUNKLINE_TEST_POSTGRES", ""), help="server")
    parser.add_argument("--only", choices=("sqlite", "postgres"), help="one database instead of both")
    parser.add_argument("--keep", type=Path, help="folder for what is made, used again when it is there")
    parser.add_argument("--parts", default="search,lists,pages,files", help="some of these instead of all")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each question that count, at least")
    parser.add_argument("--about", default="", help="only questions whose figure or text has this in it")
    parser.add_argument(
        "--verbose", action="store_true", help="what each question costs, by processor and clock"
    )
    chosen = parser.parse_args()
    from trunkline.assembling import assembling

    figures: list[Figure] = []
    counts: list[Count] = []
    written: list[console_files.FileFigure] = []
    parts, loads = chosen.parts.split(","), load()
    for kind in ("sqlite", "postgres"):
        if chosen.only not in (None, kind) or (kind == "postgres" and not chosen.postgres):
            continue
        with contextlib.ExitStack() as stack:
            sizes = (min(_SMALL, chosen.customers), chosen.customers)
            apps = [
                stack.enter_context(_operator(kind, size, chosen.postgres, chosen.keep)) for size in sizes
            ]
            began = time.monotonic()
            # Garbage is looked for as in the web process, among what a page makes and not among all there is.
            with assembling():
                asked = [(app, _asked(app, size, chosen)) for app, size in zip(apps, sizes, strict=True)]
            figures += compared(kind, *_measured(asked, chosen.repeats, chosen.verbose))
            counts += _counted(kind, apps[-1]) if "pages" in parts else []
            written += console_files.measured(kind, apps[-1], chosen.customers) if "files" in parts else []
            _say(f"{kind}: measured, {time.monotonic() - began:,.0f} s, {load()}")
    return 0 if show(figures, counts, written, f"{loads} before, {load()} after") else 1


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
        began = time.monotonic()

        def progress(text: str) -> None:
            _say(f"{kind}, {size:,}: {text}, {time.monotonic() - began:,.0f} s")

        if not filled.exists():
            prepare(app)
            fill(app, size, progress)
            filled.touch()
        fill_lists(app, size, progress)
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
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" {_NO_HELPERS}')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        if not kept:
            with engine.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        engine.dispose()


def _asked(app: "App", size: int, chosen: argparse.Namespace) -> list[Question]:
    """What is asked of the operator, as far as it was chosen."""
    parts = [PARTS[part] for part in chosen.parts.split(",") if part in PARTS]
    every = [one for part in parts for one in part(app, size)]
    return [one for one in every if chosen.about in f"{one.figure} {one.text}"]


def _measured(asked: "Sequence[tuple[App, Sequence[Question]]]", repeats: int, verbose: bool) -> list[Costs]:
    """What every question costs, run by run; the first, which finds nothing prepared, does not count.

    The operators take turns, round by round: what slows the machine for a while slows both, and each is asked as often. All
    questions of a figure are asked once before any is asked again, so that it does not slow all runs of one of them; those that
    take little are asked again for a while.
    """
    found: list[Costs] = [{} for _one in asked]
    for figure in dict.fromkeys(one.figure for _app, questions in asked for one in questions):
        alike = [(app, [one for one in questions if one.figure == figure]) for app, questions in asked]
        for costs, (_app, questions), runs in zip(found, alike, _runs(alike, repeats), strict=True):
            for one, its_runs in zip(questions, runs, strict=True):
                costs.setdefault((one.figure, one.limit), []).append((one.text, its_runs))
                if verbose:
                    cpu, wall = min(run.cpu for run in its_runs), max(run.wall for run in its_runs)
                    _say(f"{one.figure:32}{cpu:9.2f}{wall:9.2f}  {one.text}")
    return found


def _runs(asked: "Sequence[tuple[App, Sequence[Question]]]", repeats: int) -> list[list[list[Cost]]]:
    """Of each operator the costs of each of its questions."""
    runs: list[list[list[Cost]]] = [[[] for _one in questions] for _app, questions in asked]
    for app, questions in asked:
        for one in questions:
            one.ask(app)
    end, rounds = time.monotonic() + _ASKED_FOR * len(asked), 0
    while rounds < repeats or time.monotonic() < end:
        for (app, questions), costs in zip(asked, runs, strict=True):
            for one, its_costs in zip(questions, costs, strict=True):
                its_costs.append(Meter(app, threads=one.threads).cost(partial(one.ask, app)))
        rounds += 1
    return runs


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# Search

_SEARCH_LIMIT = 50.0
_TYPED = 12


def search(_app: "App", size: int) -> Sequence[Question]:
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


# Parts that stand by themselves


def _lists(app: "App", size: int) -> Sequence[Question]:
    from benchmarks.console_lists import lists

    return lists(app, size)


def _pages(app: "App", size: int) -> Sequence[Question]:
    from benchmarks.console_pages import pages

    return pages(app, size)


def _counted(kind: str, app: "App") -> list[Count]:
    from benchmarks.console_pages import counts

    return counts(kind, app)


PARTS: "dict[str, Callable[[App, int], Sequence[Question]]]" = {
    "search": search,
    "lists": _lists,
    "pages": _pages,
}

if __name__ == "__main__":
    sys.exit(main())
