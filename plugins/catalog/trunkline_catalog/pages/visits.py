"""Visits: what a technician does today, where, with what, and what went wrong."""

from itertools import groupby
from typing import Any

from starlette.responses import Response

from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_catalog.queries.visits import Visit, When, visits
from trunkline_catalog.tables import ACTION_LABELS
from trunkline_inventory import queries as inventory

pages = Pages()
_PATH = "/catalog/visits"
_ON_HOME = 5
_TITLES = {When.FAILED: _("Went wrong"), When.TODAY: _("Today"), When.LATER: _("Later")}


@pages.get(_PATH, permission="catalog.visit.list")
def list_visits(page: Page) -> Response:
    """All of them, those that went wrong first."""
    page.title = str(_("My visits"))
    groups = [(when, list(found)) for when, found in groupby(_visits(page), key=lambda one: one.when)]
    return page.render("catalog/visits.html", groups=groups, titles=_TITLES, **_words(page))


def waits(page: Page, subject: object) -> str | None:
    """How many there are today, for the start page."""
    today = sum(one.when is When.TODAY for one in _visits(page))
    return waiting(page, _("Visits today"), today, f"{_PATH}#today", "map-pin")


def went_wrong(page: Page, subject: object) -> str | None:
    """How many failed, for the start page of who cannot try them again themselves."""
    failed = sum(one.when is When.FAILED for one in _visits(page))
    return waiting(
        page, _("Orders of yours that failed"), failed, f"{_PATH}#failed", "alert-triangle", bad=True
    )


def card(page: Page, subject: object) -> str | None:
    """Where to go next, on the start page."""
    due = [one for one in _visits(page) if one.when is not When.LATER]
    if not due:
        return None
    return page.fragment(
        "catalog/slots/visits.html",
        visits=due[:_ON_HOME],
        path=_PATH,
        more=len(due) > _ON_HOME,
        **_words(page),
    )


def _visits(page: Page) -> list[Visit]:
    return page.ctx.once("catalog.visits", lambda: visits(page.ctx))


def _words(page: Page) -> dict[str, Any]:
    return {
        "actions": ACTION_LABELS,
        "kinds": {one.name: one.label for one in inventory.templates(page.ctx)},
    }
