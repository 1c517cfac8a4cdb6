"""What rollouts declare to the plugin: the action on the list of services, the step that ends a playbook's run, the reminder."""

from datetime import timedelta

from trunkline.errors import Refused
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.steps import StepContext
from trunkline.lists import ListOf, RowAction
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask, Slot, StepKind
from trunkline.web.pages import Page
from trunkline_provisioning.rollouts import driving, queries
from trunkline_provisioning.rollouts.tables import ROLLOUTS


def _report(step: StepContext) -> None:
    ctx = step.ctx
    job = ctx.session.get_one(Job, step.job_id)
    driving.job_ended(ctx, job.key, JobState.SUCCEEDED, "")


STEP_KINDS = (
    StepKind(
        "provisioning.rollout_row",
        _("Report to the rollout"),
        _report,
        transactional=True,
        irreversible=True,
    ),
)
TASKS = (ScheduledTask("advance_rollouts", driving.tick, timedelta(seconds=10), _("Advance rollouts")),)


def _queue(page: Page, subject: object) -> str | None:
    return waiting(
        page,
        str(_("Changes of many services that wait for you")),
        queries.waiting_for_people(page.ctx),
        "/provisioning/rollouts?view=paused",
        "stack-2",
    )


SLOTS = (
    Slot(
        "home.queues",
        "rollouts",
        _queue,
        "provisioning.rollout.run",
        _("Changes of many services that wait"),
        order=60,
    ),
)


def _elsewhere(ctx: Context, key: int, command: object) -> None:
    raise Refused(_("This is prepared on a page of its own."))


LISTS = (
    ListOf(
        "provisioning-rollouts",
        "/provisioning/rollouts",
        "provisioning.rollout.list",
        lambda ctx: ROLLOUTS,
        queries.list_rollouts,
    ),
)
ROW_ACTIONS = (
    RowAction(
        "provisioning.rollout",
        "catalog-services",
        _("Change many …"),
        "provisioning.rollout.create",
        _elsewhere,
        icon="stack-2",
        order=130,
        page="/provisioning/rollouts/selected",
    ),
)
