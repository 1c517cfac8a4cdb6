"""Working by hand: everything that is due, in this thread, for tests and for making sample data."""

from typing import TYPE_CHECKING

from trunkline.events.delivery import deliver_due
from trunkline.jobs.engine import run
from trunkline.jobs.sweeper import due_jobs
from trunkline.search.indexing import index_due

if TYPE_CHECKING:
    from trunkline.app import App


def work_until_idle(app: "App", *, limit: int = 1000, index: bool = True) -> int:
    """Run due jobs and deliveries until nothing is due, at most `limit` jobs, then `index`; returns how many jobs ran."""
    ran = 0
    while ran < limit:
        delivered = deliver_due(app)
        keys = due_jobs(app, 50)
        for key in keys:
            run(app, key)
            ran += 1
        if not keys and not delivered:
            break
    if index:
        index_due(app)
    return ran
