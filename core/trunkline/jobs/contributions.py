"""What jobs declare to the trunk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.jobs import (
    acting_pages,
    own_mail_pages,
    performance_pages,
    plan_pages,
    queries,
    undecided_pages,
    watch_pages,
)
from trunkline.jobs.load import NOTING
from trunkline.jobs.pages import pages
from trunkline.jobs.rehearsal import STEP_KINDS as STEP_KINDS
from trunkline.jobs.retention import RETENTION
from trunkline.jobs.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.jobs.search import SEARCH_LOOKUPS as SEARCH_LOOKUPS
from trunkline.jobs.tables import jobs_table
from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.plugin import Command, MenuItem, Permission, Slot
from trunkline.web.pages import Page

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = (
    "supervisor",
    "customer_care",
    "care_reader",
    "provisioning_engineer",
    "dealer",
    "duty_officer",
    "auditor",
)
_ON_HOME = 5
_ACTORS = ("supervisor", "provisioning_engineer", "duty_officer")


def _waiting(ctx: Context) -> int | None:
    return queries.needing_person(ctx) or None


def _customer_alert(page: Page, customer: Customer) -> str | None:
    """Orders of a customer that failed and wait for a person, or were undone today."""
    troubles = queries.troubles_of(page.ctx, customer.key)
    return page.fragment("jobs/customer_alert.html", troubles=troubles) if troubles else None


def _home_card(page: Page, subject: object) -> str | None:
    """Jobs that wait for a person, so that the start page says what to do next."""
    jobs = queries.waiting_for_people(page.ctx, _ON_HOME)
    return page.fragment("jobs/home.html", jobs=jobs) if jobs else None


PERMISSIONS = (
    Permission("core.job.list", _("List jobs"), _READERS),
    Permission("core.job.view", _("See a job and its log"), _READERS),
    Permission("core.job.cancel", _("Cancel jobs"), _ACTORS),
    Permission("core.job.retry", _("Retry, undo and settle jobs"), _ACTORS),
)
MENU = (
    MenuItem(
        _("Jobs"), "/jobs", "player-play", "core.job.list", "Network", order=300, badge=_waiting, key="j"
    ),
)
SLOTS = (
    Slot("customer.alerts", "jobs", _customer_alert, "core.job.view", _("Failed jobs"), order=20),
    Slot(
        "profile.sections",
        "job_mails",
        own_mail_pages.on_profile,
        "core.job.view",
        _("Mails about failed jobs"),
        order=80,
    ),
    Slot("job.aside", "plan", plan_pages.plan_card, "core.job.view", _("Plan"), order=5),
    Slot(
        "home.queues",
        "roll_backs",
        undecided_pages.roll_backs_waiting,
        "core.job.list",
        _("Roll-backs that failed"),
        order=20,
    ),
    Slot("home.queues", "held_jobs", undecided_pages.held_waiting, "core.job.list", _("Held jobs"), order=21),
    Slot("home.cards", "jobs", _home_card, "core.job.view", _("Jobs that need you"), order=10),
)

LISTS = (ListOf("jobs", "/jobs", "core.job.list", jobs_table, queries.list_jobs),)
# Fixed addresses before the page of one job, which would take them for a number.
COMMANDS = (Command(_("Performance"), "/jobs/performance", "gauge", "core.job.list", order=90),)
PAGES = (
    performance_pages.pages,
    undecided_pages.pages,
    pages,
    acting_pages.pages,
    own_mail_pages.pages,
    plan_pages.pages,
    watch_pages.pages,
)
SCHEDULED = (RETENTION, NOTING)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.jobs.rest import rest

    return [rest]
