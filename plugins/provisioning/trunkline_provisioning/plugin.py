"""Provisioning: order lines carried out by Ansible playbooks, as steps of durable jobs."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.jobs.events import JobEnded
from trunkline.jobs.models import JobState
from trunkline.plugin import (
    Command,
    ConnectionCheck,
    HealthReport,
    MailTemplate,
    MenuItem,
    Permission,
    Plugin,
    ScheduledTask,
    SearchKind,
    SearchLookup,
    ServiceProcess,
    Slot,
    StepKind,
    hookimpl,
)
from trunkline_catalog.schemas import OrderLineCompleted
from trunkline_provisioning import hookspecs
from trunkline_provisioning.events import EVENTS
from trunkline_provisioning.network_audit.events import EVENTS as AUDIT_EVENTS
from trunkline_provisioning.network_audit.permissions import PERMISSIONS as AUDIT_PERMISSIONS
from trunkline_provisioning.rollouts.events import EVENTS as ROLLOUT_EVENTS
from trunkline_provisioning.rollouts.events import RolloutDue
from trunkline_provisioning.rollouts.permissions import PERMISSIONS as ROLLOUT_PERMISSIONS
from trunkline_provisioning.settings import ProvisioningSettings

if TYPE_CHECKING:
    import typer

    from trunkline.app import App
    from trunkline.customers.erasing.parts import Erased
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.demo.month import DemoMonth
    from trunkline.lists import ListOf, RowAction
    from trunkline.operation import Context
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages
    from trunkline_catalog.schemas import ChangeOffer, LineStep, OrderLineView, ProductView
    from trunkline_provisioning.network_audit.readers import Reader

_READERS = ("supervisor", "provisioning_engineer", "product_manager", "duty_officer", "auditor")
_WRITERS = ("provisioning_engineer",)

plugin = Plugin(
    name="provisioning",
    label=_("Provisioning"),
    summary=_("Carries out order lines with Ansible playbooks, and undoes what failed."),
    requires=("inventory", "catalog"),
    settings=ProvisioningSettings,
    models="trunkline_provisioning.models",
    events=(*EVENTS, *ROLLOUT_EVENTS, *AUDIT_EVENTS),
    hookspecs=(hookspecs,),
    permissions=(
        *ROLLOUT_PERMISSIONS,
        *AUDIT_PERMISSIONS,
        Permission("provisioning.playbook.list", _("List playbooks"), _READERS),
        Permission("provisioning.playbook.view", _("Read the source of playbooks"), _READERS),
        Permission("provisioning.playbook.create", _("Add playbooks"), _WRITERS),
        Permission("provisioning.playbook.edit", _("Edit playbooks"), _WRITERS),
        Permission("provisioning.playbook.delete", _("Remove playbooks that nothing uses"), _WRITERS),
        Permission("provisioning.playbook.run", _("Try playbooks out against a chosen element"), _WRITERS),
        Permission("provisioning.element.list", _("List network elements"), _READERS),
        Permission(
            "provisioning.element.edit", _("Add and change network elements and their passwords"), _WRITERS
        ),
        Permission("provisioning.element.delete", _("Remove network elements"), _WRITERS),
        Permission(
            "provisioning.job.list", _("List provisioning jobs"), (*_READERS, "customer_care", "care_reader")
        ),
    ),
)


@hookimpl
def mail_templates() -> Sequence[MailTemplate]:
    from trunkline_provisioning.letters import LETTERS

    return LETTERS


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_provisioning import element_pages, library_pages, pages
    from trunkline_provisioning.network_audit.pages import PAGES as audits
    from trunkline_provisioning.rollouts.pages import PAGES as rollouts

    # `new` before the page of one playbook, which would take it for a name.
    return [library_pages.PAGES, pages.PAGES, element_pages.PAGES, rollouts, audits]


@hookimpl
def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline_provisioning.rest import REST

    return [REST]


@hookimpl
def menu() -> Sequence[MenuItem]:
    return [
        MenuItem(
            _("Many at once"),
            "/provisioning/rollouts",
            "stack-2",
            "provisioning.rollout.list",
            group="Network",
            order=310,
        ),
        MenuItem(
            _("Network and system"),
            "/provisioning/differences",
            "arrows-diff",
            "provisioning.audit.list",
            group="Network",
            order=315,
        ),
        MenuItem(
            _("Playbooks"),
            "/provisioning/playbooks",
            "book",
            "provisioning.playbook.list",
            group="Network",
            order=320,
        ),
        MenuItem(
            _("Network elements"),
            "/provisioning/elements",
            "server",
            "provisioning.element.list",
            group="Network",
            order=330,
        ),
    ]


@hookimpl
def commands() -> Sequence[Command]:
    return (
        Command(
            _("Change many services"),
            "/provisioning/rollouts/new",
            "stack-2",
            "provisioning.rollout.create",
            words=_("bulk mass roll out"),
            order=24,
        ),
        Command(
            _("Differences between network and system"),
            "/provisioning/differences",
            "arrows-diff",
            "provisioning.audit.list",
            order=90,
        ),
    )


@hookimpl
def search_kinds() -> Sequence[SearchKind]:
    from trunkline_provisioning.search import SEARCH_KINDS

    return SEARCH_KINDS


@hookimpl
def search_lookups() -> Sequence[SearchLookup]:
    from trunkline_provisioning.search import SEARCH_LOOKUPS

    return SEARCH_LOOKUPS


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    from trunkline_provisioning.network_audit import steps as audits
    from trunkline_provisioning.rollouts import contributions as rollouts
    from trunkline_provisioning.steps import STEP_KINDS

    return [*STEP_KINDS, *rollouts.STEP_KINDS, *audits.STEP_KINDS]


@hookimpl
def scheduled_tasks() -> Sequence[ScheduledTask]:
    from trunkline_provisioning.network_audit import steps as audits
    from trunkline_provisioning.rollouts import contributions as rollouts

    return [*rollouts.TASKS, audits.NIGHTLY]


@hookimpl
def slots() -> Sequence[Slot]:
    from trunkline_provisioning.network_audit import contributions as audits
    from trunkline_provisioning.rollouts import contributions as rollouts

    return [*rollouts.SLOTS, *audits.SLOTS]


@hookimpl
def provisioning_readers() -> "Sequence[Reader]":
    from trunkline_provisioning.network_audit import hlr, json_resource, radius

    return [hlr.READER, radius.READER, json_resource.READER]


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    from trunkline_provisioning import element_list as elements
    from trunkline_provisioning.network_audit import contributions as audits
    from trunkline_provisioning.rollouts import contributions as rollouts

    return [*rollouts.ROW_ACTIONS, *audits.ROW_ACTIONS, *elements.ROW_ACTIONS]


@hookimpl
def lists() -> "Sequence[ListOf]":
    from trunkline_provisioning import element_list as elements
    from trunkline_provisioning.network_audit import contributions as audits
    from trunkline_provisioning.rollouts import contributions as rollouts

    return [*rollouts.LISTS, *audits.LISTS, *elements.LISTS]


@hookimpl
def on_rollout_due(ctx: "Context", event: RolloutDue) -> None:
    from trunkline_provisioning.rollouts.driving import advance

    advance(ctx, event.entity_id)


@hookimpl
def on_order_line_completed(ctx: "Context", event: OrderLineCompleted) -> None:
    from trunkline_provisioning.rollouts.driving import line_completed

    line_completed(ctx, event.entity_id)


@hookimpl
def on_job_failed(ctx: "Context", event: JobEnded) -> None:
    _job_ended(ctx, event, JobState.FAILED)


@hookimpl
def on_job_rolled_back(ctx: "Context", event: JobEnded) -> None:
    _job_ended(ctx, event, JobState.ROLLED_BACK)


@hookimpl
def on_job_rollback_failed(ctx: "Context", event: JobEnded) -> None:
    _job_ended(ctx, event, JobState.ROLLBACK_FAILED)


@hookimpl
def on_job_cancelled(ctx: "Context", event: JobEnded) -> None:
    _job_ended(ctx, event, JobState.CANCELLED)


def _job_ended(ctx: "Context", event: JobEnded, state: JobState) -> None:
    from trunkline_provisioning.network_audit import following
    from trunkline_provisioning.rollouts.driving import job_ended

    following.job_ended(ctx, event)
    job_ended(ctx, event.entity_id, state, event.error)


@hookimpl
def jobs_told_elsewhere(ctx: "Context", keys: Collection[int]) -> Sequence[int]:
    from trunkline_provisioning.rollouts.telling import jobs_of_rollouts

    return jobs_of_rollouts(ctx, keys)


@hookimpl
def catalog_line_steps(ctx: "Context", line: "OrderLineView", product: "ProductView") -> "Sequence[LineStep]":
    from trunkline_provisioning.network_steps import line_steps

    return line_steps(ctx, line, product)


@hookimpl
def catalog_changes(ctx: "Context", product: "ProductView") -> "Sequence[ChangeOffer]":
    from trunkline_provisioning.change_words import offers

    return offers(ctx, product)


@hookimpl
def catalog_check_product(ctx: "Context", product: "ProductView") -> None:
    from trunkline_provisioning.planned import require_providable

    require_providable(ctx, product)


@hookimpl
def catalog_playbooks(ctx: "Context") -> Sequence[str]:
    from trunkline_provisioning.queries import playbook_names

    return playbook_names(ctx)


@hookimpl
def customer_rows() -> "Sequence[CustomerRows]":
    from trunkline_provisioning.customer_rows import CUSTOMER_ROWS

    return CUSTOMER_ROWS


@hookimpl
def customer_erasures() -> "Sequence[Erased]":
    from trunkline_provisioning.customer_erasures import CUSTOMER_ERASURES

    return CUSTOMER_ERASURES


@hookimpl
def worker_services(ctx: "Context") -> Sequence[ServiceProcess]:
    from trunkline_provisioning import runner
    from trunkline_provisioning.hlr.peer import service_of
    from trunkline_provisioning.library import collections
    from trunkline_provisioning.queries import hlr_place
    from trunkline_provisioning.run_folder import sweep

    # A worker that was killed could not delete what it held.
    sweep()
    fork_server = runner.service(ctx.app.config.data, collections(ctx.app))
    hlr = service_of(ctx.app.config, hlr_place(ctx))
    return [fork_server, hlr] if hlr else [fork_server]


@hookimpl
def health_checks(ctx: "Context") -> Sequence[HealthReport]:
    from trunkline_provisioning.health import reports

    return reports(ctx)


@hookimpl
def cli(app: "typer.Typer") -> None:
    from trunkline_provisioning.commands import playbook

    app.add_typer(playbook, name="playbook")


@hookimpl
def demo_month(app: "App", month: "DemoMonth") -> None:
    from trunkline_provisioning.demo import write_playbooks

    if month.number == 0:
        write_playbooks(app)


@hookimpl
def demo_today(app: "App", month: "DemoMonth") -> None:
    from trunkline_provisioning.demo import leave_work

    leave_work(app, month)


@hookimpl
def connection_checks() -> Sequence[ConnectionCheck]:
    from trunkline_provisioning.health import hlr_connection

    return [ConnectionCheck("hlr", _("HLR"), hlr_connection)]
