"""What may be done to many jobs at once."""

from sqlmodel import col, select

from trunkline.i18n import gettext as _
from trunkline.jobs import operations
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.renewing import RetryWith
from trunkline.jobs.schemas import RescheduleJob, RetryJob
from trunkline.lists import NoValues, RowAction
from trunkline.operation import Context

_VERSIONS = (
    (RetryWith.PLANNED, _("As planned")),
    (RetryWith.NEWEST, _("With the newest version, where there is a newer one")),
)


def _number(ctx: Context, key: int) -> str:
    """The job's number. Visibility is checked by the operation that gets it."""
    return ctx.session.scalars(select(Job.number).where(col(Job.id) == key)).one()


def _retry(ctx: Context, key: int, command: RetryJob) -> None:
    number = _number(ctx, key)
    state = ctx.session.scalars(select(Job.state).where(col(Job.id) == key)).one()
    # What was done is undone with the version that did it.
    use = RetryWith.PLANNED if state == JobState.ROLLBACK_FAILED else command.use
    operations.retry(ctx, number, command.reason, use)


def _roll_back(ctx: Context, key: int, command: NoValues) -> None:
    operations.roll_back(ctx, _number(ctx, key))


def _reschedule(ctx: Context, key: int, command: RescheduleJob) -> None:
    operations.reschedule(ctx, _number(ctx, key), command.start_after, command.priority)


def _cancel(ctx: Context, key: int, command: NoValues) -> None:
    operations.cancel(ctx, _number(ctx, key))


ROW_ACTIONS = (
    RowAction(
        "core.job_retry",
        "jobs",
        _("Retry"),
        "core.job.retry",
        _retry,
        RetryJob,
        choices=lambda ctx: {"use": _VERSIONS},
        icon="refresh",
        effect=_(
            "Held jobs go on from their failed step, failed roll-backs are tried again. Others stay as they are."
        ),
        order=10,
    ),
    RowAction(
        "core.job_roll_back",
        "jobs",
        _("Roll back"),
        "core.job.retry",
        _roll_back,
        icon="arrow-back-up",
        tone="danger",
        effect=_("Held jobs undo what they have done. Others stay as they are."),
        order=20,
    ),
    RowAction(
        "core.job_reschedule",
        "jobs",
        _("Reschedule"),
        "core.job.retry",
        _reschedule,
        RescheduleJob,
        icon="clock",
        effect=_("Jobs that have not begun get another date or priority. Others stay as they are."),
        order=25,
    ),
    RowAction(
        "core.job_cancel",
        "jobs",
        _("Cancel"),
        "core.job.cancel",
        _cancel,
        icon="x",
        tone="danger",
        effect=_(
            "Queued jobs end, running ones stop and undo what they have done. Jobs that are over stay as they are."
        ),
        order=30,
    ),
)
