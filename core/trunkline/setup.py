"""Bringing a database to the state that this code expects: schema, built-in roles, recorded plugins."""

from typing import TYPE_CHECKING

from trunkline import models as _tables  # noqa: F401 — completes the metadata
from trunkline.access.roles import seed_roles
from trunkline.db import migrate
from trunkline.errors import ConfigError
from trunkline.search import store

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.config import Config


def ready_app(config: "Config") -> "App":
    """The assembled system. On SQLite its schema is brought up to date first.

    Raises ConfigError when the schema on PostgreSQL is older than the code: only `trunkline migrate` changes it.
    """
    from trunkline.app import App

    app = App.start(config)
    if app.database.is_sqlite:
        prepare(app)
    elif behind := migrate.pending(app):
        raise ConfigError(
            f"The database schema is older than the code ({', '.join(behind)}).",
            remedy="Run `trunkline migrate`.",
        )
    else:
        seed(app)
    return app


def prepare(app: "App") -> list[str]:
    """Migrate what is behind, make the search index, seed the built-in roles; returns the names of the lineages that changed."""
    changed = migrate.upgrade(app)
    store.ensure(app)
    seed(app)
    return changed


def seed(app: "App") -> None:
    """Make the built-in roles and grant what plugins declared since."""
    with app.unit_of_work() as ctx:
        seed_roles(ctx.session, app.permissions.values())
