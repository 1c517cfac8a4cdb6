"""Bringing a database to the state that this code expects: schema, built-in roles, recorded plugins."""

from typing import TYPE_CHECKING

from trunkline import models as _tables  # noqa: F401 — completes the metadata
from trunkline.access.roles import seed_roles
from trunkline.db import migrate

if TYPE_CHECKING:
    from trunkline.app import App


def prepare(app: "App") -> list[str]:
    """Migrate what is behind and seed the built-in roles; returns the names of the lineages that changed."""
    changed = migrate.upgrade(app)
    seed(app)
    return changed


def seed(app: "App") -> None:
    """Make the built-in roles and grant what plugins declared since."""
    with app.unit_of_work() as ctx:
        seed_roles(ctx.session, app.permissions.values())
