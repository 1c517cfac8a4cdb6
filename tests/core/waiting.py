"""Telling when one transaction waits for another one's."""

import time

from sqlalchemy import text

from trunkline.app import App

PATIENCE = 60.0
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def until_somebody_waits(app: App) -> None:
    """Return once a transaction waits for a lock of another; SQLite's writers queue outside of theirs, so at once there."""
    deadline = time.monotonic() + PATIENCE
    while not app.database.is_sqlite:
        with app.database.read() as session:
            if session.execute(_WAITING).scalar_one():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("nobody waited")
