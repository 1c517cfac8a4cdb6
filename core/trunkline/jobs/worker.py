"""The worker process: huey's consumer, the sweeper, and the helper services that plugins bring."""

import logging
import os
import tempfile
import time
from typing import TYPE_CHECKING

from trunkline import models as _tables  # noqa: F401 — completes the metadata
from trunkline.app import App
from trunkline.assembling import assembling
from trunkline.db.migrate import pending
from trunkline.jobs import tasks
from trunkline.jobs.services import Services
from trunkline.jobs.sweeper import Sweeper
from trunkline.jobs.wake import HueyWaker
from trunkline.processes import die_with_parent

if TYPE_CHECKING:
    from trunkline.config import Config

log = logging.getLogger(__name__)
#: Where the queue cannot be listened to (SQLite), a job waits for its worker's look at most this long.
_POLL_SECONDS = 0.05


def work(config: "Config", *, with_parent: bool = False) -> None:
    """Work until SIGTERM or SIGINT. Must be called in the process's main thread.

    With `with_parent` the process ends when its parent dies, however that died.
    """
    if with_parent:
        die_with_parent()
    with assembling():
        app = App.start(config)
    app.database.keep_statements()
    _wait_for_schema(app)
    app.faults.begin("worker")
    if not isinstance(app.waker, HueyWaker):
        app.waker = HueyWaker(app.config)
    _ = app.waker.tasks
    tasks.serve(app)
    from huey.consumer import Consumer

    services = Services(app)
    services.start()
    services.wait_ready()
    sweeper = Sweeper(app)
    sweeper.start()
    consumer = Consumer(
        app.waker.huey,
        workers=app.config.jobs_at_once,
        periodic=False,
        initial_delay=_POLL_SECONDS / 2,
        max_delay=_POLL_SECONDS,
        check_worker_health=True,
        shutdown_timeout=30,
        graceful_signal="TERM",
    )
    log.info("worker %s ready with %s threads", os.getpid(), app.config.jobs_at_once)
    try:
        consumer.run()
    finally:
        sweeper.stop()
        services.stop()
        app.faults.close()


def _wait_for_schema(app: App) -> None:
    """Wait while the web process (or `trunkline migrate`) brings the schema up to date."""
    while behind := pending(app):
        log.info("waiting for the schema of %s", ", ".join(behind))
        time.sleep(0.3)


def private_folder(prefix: str) -> str:
    """A new folder (0700) in memory where there is any, else on disk; the caller deletes it."""
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 — a folder in it is made with mode 0700
    return tempfile.mkdtemp(prefix=prefix, dir=root)
