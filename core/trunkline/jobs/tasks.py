"""The huey tasks. They look into the database for what is due; the message only says when to look."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huey import Huey

    from trunkline.app import App

#: Set by the worker process before its consumer starts.
_app: "App | None" = None


def serve(app: "App") -> None:
    """Make `app` the one whose jobs this process's tasks run."""
    global _app
    _app = app


def _run_job(job_id: int) -> None:
    from trunkline.jobs.engine import run

    if _app is not None:
        # There are as many messages as jobs, and a message has no priority: each wakes whatever is most urgent by now.
        run(_app, job_id, or_more_urgent=True)


def _deliver_events() -> None:
    from trunkline.events.delivery import deliver_due

    if _app is not None:
        deliver_due(_app)


def _send_webhooks(webhook_id: int) -> None:
    from trunkline.webhooks.sending import send_due

    if _app is not None:
        send_due(_app, webhook_id)


def register(huey: "Huey") -> dict[str, Any]:
    """Register the tasks with `huey` under their own names."""
    return {
        "run_job": huey.task(name="trunkline.run_job")(_run_job),
        "deliver_events": huey.task(name="trunkline.deliver_events")(_deliver_events),
        "send_webhooks": huey.task(name="trunkline.send_webhooks")(_send_webhooks),
    }
