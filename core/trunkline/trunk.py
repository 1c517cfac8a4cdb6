"""The trunk's own plugin: what core contributes through the same hooks that strangers use."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from trunkline.jobs.events import (
    JobCancelled,
    JobEnded,
    JobFailed,
    JobPriorityChanged,
    JobRescheduled,
    JobResumed,
    JobRollbackFailed,
    JobRolledBack,
    JobSucceeded,
)
from trunkline.plugin import (
    Command,
    ConnectionCheck,
    HealthReport,
    MailTemplate,
    MenuItem,
    Plugin,
    ScheduledTask,
    SearchKind,
    SearchLookup,
    SettingChoices,
    Slot,
    StepKind,
    hookimpl,
)
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.customers.erasing.parts import Erased, Hindrance, Person
    from trunkline.customers.guided.steps import CustomerStep
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.imports.importer import Importer
    from trunkline.lists import ListColumns, ListOf, RowAction
    from trunkline.operation import Context
    from trunkline.providers import UploadScanner
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages

#: Packages of core, in the order of their menu entries; each has a module `contributions`.
PACKAGES = (
    "home", "customers.erasing", "customers.merging", "customers.sheets", "geocoding", "customers.guided", "customers",
    "contracts", "interactions", "files",
    "search", "imports", "lists", "drafts", "jobs", "mail",
    "mail_templates", "sms", "webhooks", "activity", "auth", "auth.second_factor", "auth.code_sign_in",
    "auth.service_accounts", "auth.signing_keys", "access", "access.break_glass", "resellers", "approvals",
    "numbering", "settings", "branding", "plugin_life", "rest", "backup",
)  # fmt: skip


@cache
def _modules() -> Sequence[ModuleType]:
    names = [f"trunkline.{package}.contributions" for package in PACKAGES]
    return [import_module(name) for name in names if find_spec(name.rpartition(".")[0]) and find_spec(name)]


def _gathered(name: str) -> list[Any]:
    """The lists called `name` of every package that has one, one after the other."""
    return [item for module in _modules() for item in getattr(module, name, ())]


plugin = Plugin(
    name="core",
    label="Trunkline",
    settings=CoreSettings,
    permissions=tuple(_gathered("PERMISSIONS")),
    sensitive=tuple(_gathered("SENSITIVE")),
    events=(
        JobSucceeded,
        JobFailed,
        JobRolledBack,
        JobRollbackFailed,
        JobCancelled,
        JobPriorityChanged,
        JobRescheduled,
        JobResumed,
        *_gathered("EVENTS"),
    ),
    summary="Customers, people, permissions, jobs and the shell around everything.",
)


@hookimpl
def routes() -> "Sequence[Pages]":
    return _gathered("PAGES")


@hookimpl
def rest_routes() -> "Sequence[RestRoutes]":
    # FastAPI, which these routes bring along, is only for who serves them.
    offering = [module for module in _modules() if hasattr(module, "rest_routes")]
    return [routes for module in offering for routes in module.rest_routes()]


@hookimpl
def menu() -> Sequence[MenuItem]:
    return _gathered("MENU")


@hookimpl
def slots() -> Sequence[Slot]:
    return _gathered("SLOTS")


@hookimpl
def mail_templates() -> Sequence[MailTemplate]:
    return _gathered("MAIL_TEMPLATES")


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    return _gathered("STEP_KINDS")


@hookimpl
def scheduled_tasks() -> Sequence[ScheduledTask]:
    return _gathered("SCHEDULED")


@hookimpl
def search_kinds() -> Sequence[SearchKind]:
    return _gathered("SEARCH_KINDS")


@hookimpl
def search_lookups() -> Sequence[SearchLookup]:
    return _gathered("SEARCH_LOOKUPS")


@hookimpl
def lists() -> "Sequence[ListOf]":
    return _gathered("LISTS")


@hookimpl
def list_columns() -> "Sequence[ListColumns]":
    return _gathered("LIST_COLUMNS")


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    return _gathered("ROW_ACTIONS")


@hookimpl
def customer_steps() -> "Sequence[CustomerStep]":
    return _gathered("CUSTOMER_STEPS")


@hookimpl
def customer_rows() -> "Sequence[CustomerRows]":
    from trunkline.customers.merging.own_rows import CUSTOMER_ROWS

    return CUSTOMER_ROWS


@hookimpl
def customer_erasures() -> "Sequence[Erased]":
    from trunkline.contracts.customer_erasures import CUSTOMER_ERASURES as OF_CONTRACTS
    from trunkline.customers.erasing.own_rows import CUSTOMER_ERASURES

    return (*OF_CONTRACTS, *CUSTOMER_ERASURES)


@hookimpl
def customer_erasure_hindrances(ctx: "Context", person: "Person") -> "Sequence[Hindrance]":
    from trunkline.contracts.customer_erasures import hindrances as of_contracts
    from trunkline.customers.erasing.own_rows import hindrances

    return (*of_contracts(ctx, person), *hindrances(ctx, person))


@hookimpl
def commands() -> Sequence[Command]:
    return _gathered("COMMANDS")


@hookimpl
def importers() -> "Sequence[Importer]":
    return _gathered("IMPORTERS")


@hookimpl
def health_checks(ctx: "Context") -> Sequence[HealthReport]:
    return [report for check in _gathered("HEALTH") for report in check(ctx)]


@hookimpl
def connection_checks() -> Sequence[ConnectionCheck]:
    return _gathered("CONNECTIONS")


@hookimpl
def setting_choices(ctx: "Context") -> Sequence[SettingChoices]:
    return [choices(ctx) for choices in _gathered("SETTING_CHOICES")]


@hookimpl
def upload_scanners(ctx: "Context") -> "Sequence[UploadScanner]":
    from trunkline.files.clamav import scanners

    return scanners(ctx)


@hookimpl
def demo_today(app: "App") -> None:
    for leave in _gathered("DEMO_TODAY"):
        leave(app)


@hookimpl
def on_job_failed(ctx: "Context", event: JobFailed) -> None:
    _mail_failure(ctx, event)


@hookimpl
def on_job_rolled_back(ctx: "Context", event: JobRolledBack) -> None:
    _mail_failure(ctx, event)


@hookimpl
def on_job_rollback_failed(ctx: "Context", event: JobRollbackFailed) -> None:
    _mail_failure(ctx, event)


def _mail_failure(ctx: "Context", event: JobEnded) -> None:
    from trunkline.jobs.failure_mail import tell

    tell(ctx, event)
