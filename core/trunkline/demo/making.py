"""Making the sample operator's history in an empty database."""

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.config import Config
from trunkline.db.base import Record
from trunkline.demo.history import arrivals, month_edges, signing_times
from trunkline.demo.month import DemoClock, DemoMonth
from trunkline.demo.reselling import open_reseller
from trunkline.demo.signing_up import sign_up
from trunkline.demo.staff import SignIn, hire, sign_ins
from trunkline.demo.turning_away import turn_away
from trunkline.jobs.idle import work_until_idle
from trunkline.jobs.sweeper import run_scheduled
from trunkline.jobs.wake import Silent
from trunkline.search.indexing import index_due
from trunkline.setup import prepare

log = logging.getLogger(__name__)
_MANY_JOBS = 100_000


def make(config: Config, *, scale: float, seed: int, say: Callable[[str], None]) -> list[SignIn]:
    """Live through the months up to now, in an empty database, by the operations that staff and customers use.

    Returns who can sign in.
    """
    edges = month_edges(utc_now(), config.zone)
    clock = DemoClock(edges[0])
    app = App.start(config, clock=clock, waker=Silent())
    try:
        with _at_ease(app), _dated_by(clock), _few_collections():
            prepare(app)
            hire(app)
            for plugin, function in app.hooks.implementations("demo_data"):
                with app.unit_of_work() as ctx:
                    function(ctx=ctx, scale=scale, seed=seed)
                log.info("sample data of %s is there", plugin)
            _live(app, clock, edges, scale, seed, say)
            open_reseller(app)
            index_due(app)
            app.clock = utc_now
            run_scheduled(app)
        with app.reading() as ctx:
            return sign_ins(ctx)
    finally:
        app.close()


def _live(
    app: App,
    clock: DemoClock,
    edges: Sequence[datetime],
    scale: float,
    seed: int,
    say: Callable[[str], None],
) -> None:
    count = len(edges) - 1
    for number, samples in enumerate(arrivals(count, scale, seed)):
        month = DemoMonth(
            number=number,
            begins=edges[number],
            ends=edges[number + 1],
            is_current=number == count - 1,
            scale=scale,
            seed=seed,
            clock=clock,
            work=lambda: _work(app),
        )
        clock.begin(month.begins)
        say(f"  {month.begins.astimezone(app.config.zone):%Y-%m}: {len(samples)} new customers")
        arrived = sign_up(app, month, samples, signing_times(month, len(samples)))
        month = replace(month, new_customers=tuple(arrived))
        month.work()
        for _plugin, function in app.hooks.implementations("demo_month"):
            function(app=app, month=month)
        turn_away(app, month)
        if month.is_current:
            clock.move_to(month.ends)
            for _plugin, function in app.hooks.implementations("demo_today"):
                function(app=app, month=month)


def _work(app: App) -> None:
    # Nobody searches yet: what changes month after month is indexed once, at the end.
    work_until_idle(app, limit=_MANY_JOBS, index=False)


@contextmanager
def _at_ease(app: App) -> Iterator[None]:
    """Let SQLite not wait for the disk: a history that a power cut spoils is made again."""

    def relax(connection: Any, record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    if not app.database.is_sqlite:
        yield
        return
    event.listen(app.database.engine, "connect", relax)
    app.database.dispose()
    try:
        yield
    finally:
        event.remove(app.database.engine, "connect", relax)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let the garbage collector look rarely, and never at what was there before: the work makes little garbage of its kind."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _dated_by(clock: DemoClock) -> Iterator[None]:
    """Give new records the clock's time: their defaults know only the present."""

    def date(session: Session, flush_context: UOWTransaction, instances: object) -> None:
        for row in session.new:
            if isinstance(row, Record):
                row.created_at = row.updated_at = clock.moment

    event.listen(Session, "before_flush", date)
    try:
        yield
    finally:
        event.remove(Session, "before_flush", date)
