"""What happens to jobs, as it happens: one reader per process looks, every open page listens.

The reader looks only while somebody listens: at once when a worker of this machine rings (`bell`), else a few times a second.
Lines are read by their keys, which several writers may commit out of order; so it reads the last two seconds' keys again and
forwards what it has not forwarded yet.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, select
from sqlmodel import col
from starlette.concurrency import run_in_threadpool

from trunkline.jobs import queries
from trunkline.jobs.bell import Bell
from trunkline.jobs.models import Job, JobState, JobStep

if TYPE_CHECKING:
    from trunkline.app import App

LOOK_SECONDS = 0.25
#: However often a worker rings.
_REST_SECONDS = 0.04
#: A silent stream says something this often, so that no proxy takes it for dead.
HEARTBEAT_SECONDS = 15.0
#: Then the browser has to connect anew, and its permission is looked at again.
LONGEST_SECONDS = 600.0
_AGAIN_SECONDS = 2.0
_AFTER_FAULT_SECONDS = 3.0
_LINES_AT_ONCE = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """What one look found out about a job; nothing at all is a heartbeat."""

    lines: Sequence[RowMapping] = ()
    #: States changed: of the job or of a step.
    moved: bool = False
    over: bool = False


@dataclass
class _Watched:
    """What the reader knows of one job."""

    position: int
    face: Hashable = None
    over: bool = False
    listeners: set["asyncio.Queue[News]"] = field(default_factory=set)
    forwarded: set[int] = field(default_factory=set)
    heights: deque[tuple[float, int]] = field(default_factory=deque)

    def fresh(self, rows: Sequence[RowMapping], now: float) -> Sequence[RowMapping]:
        """The rows that were not forwarded before; keys older than the overlap are let go."""
        new = [row for row in rows if row["id"] not in self.forwarded]
        self.forwarded.update(row["id"] for row in new)
        if new:
            self.heights.append((now, max(row["id"] for row in new)))
        while self.heights and self.heights[0][0] < now - _AGAIN_SECONDS:
            self.position = max(self.position, self.heights.popleft()[1])
        self.forwarded = {key for key in self.forwarded if key > self.position}
        return new


class JobFeed:
    """The reader of one process. All methods run in the event loop, only the looking in a thread."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._watched: dict[int, _Watched] = {}
        self._reader: asyncio.Task[None] | None = None
        self._rung = asyncio.Event()

    async def follow(self, job_id: int, after: int) -> AsyncIterator[News]:
        """Everything about the job from the log line `after` on, until it is over. A heartbeat comes as news without content."""
        mailbox: asyncio.Queue[News] = asyncio.Queue()
        watched = self._watched.setdefault(job_id, _Watched(after))
        watched.listeners.add(mailbox)
        try:
            missed = await run_in_threadpool(self._lines, job_id, after)
            seen = {row["id"] for row in missed}
            yield News(missed, moved=True)
            self._wake_reader()
            if watched.over:
                mailbox.put_nowait(News(over=True))
            ends = time.monotonic() + LONGEST_SECONDS
            while time.monotonic() < ends:
                try:
                    news = await asyncio.wait_for(mailbox.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    news = News()
                fresh = [row for row in news.lines if row["id"] > after and row["id"] not in seen]
                yield News(fresh, news.moved, news.over)
                if news.over:
                    return
        finally:
            watched.listeners.discard(mailbox)
            if not watched.listeners:
                self._watched.pop(job_id, None)

    def _wake_reader(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        bell = Bell(asyncio.get_running_loop(), self._app.config.data, self._hear)
        bell.hang_up()
        try:
            while self._watched:
                await self._look_once()
                # Those that ring meanwhile are told of together.
                await asyncio.sleep(_REST_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._rung.wait(), LOOK_SECONDS - _REST_SECONDS)
        finally:
            bell.take_down()

    def _hear(self, job_id: int) -> None:
        if job_id in self._watched:
            self._rung.set()

    async def _look_once(self) -> None:
        self._rung.clear()
        positions = {
            job_id: watched.position for job_id, watched in self._watched.items() if not watched.over
        }
        for job_id, (rows, face, over) in (await run_in_threadpool(self._look, positions)).items():
            if (watched := self._watched.get(job_id)) is not None:
                self._tell(watched, rows, face, over)

    def _tell(self, watched: _Watched, rows: Sequence[RowMapping], face: Hashable, over: bool) -> None:
        fresh = watched.fresh(rows, time.monotonic())
        moved, watched.face = watched.face != face, face
        # The last lines may be committed with the last state, so the end waits for a look that finds nothing new.
        watched.over = over and not fresh and not moved
        if over and not watched.over:
            self._rung.set()
        if fresh or moved or watched.over:
            for mailbox in watched.listeners:
                mailbox.put_nowait(News(fresh, moved, watched.over))

    def _lines(self, job_id: int, after: int) -> Sequence[RowMapping]:
        with self._app.reading() as ctx:
            return queries.lines(ctx, job_id, after=after, limit=_LINES_AT_ONCE, newest=True)

    def _look(self, positions: dict[int, int]) -> dict[int, tuple[Sequence[RowMapping], Hashable, bool]]:
        with self._app.reading() as ctx:
            known = select(col(Job.id), col(Job.state)).where(col(Job.id).in_(positions))
            states: dict[int | None, str] = dict(ctx.session.execute(known).all())
            steps: dict[int, list[tuple[int, str, int]]] = {}
            statement = select(col(JobStep.job_id), col(JobStep.seq), col(JobStep.state), col(JobStep.tries))
            of_these = statement.where(col(JobStep.job_id).in_(positions)).order_by(col(JobStep.seq))
            for job_id, seq, state, tries in ctx.session.execute(of_these):
                steps.setdefault(job_id, []).append((seq, state, tries))
            found: dict[int, tuple[Sequence[RowMapping], Hashable, bool]] = {}
            for job_id, position in positions.items():
                rows = queries.lines(ctx, job_id, after=position, limit=_LINES_AT_ONCE)
                # A job that was deleted is over, too.
                state = states.get(job_id, JobState.CANCELLED)
                found[job_id] = (rows, (state, tuple(steps.get(job_id, ()))), JobState(state).is_over)
            return found
