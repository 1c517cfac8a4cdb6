"""Every night: seal whatever was overlooked, write the head to the log stream, verify everything, and tell who must know."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.access.roles import ADMINISTRATOR
from trunkline.activity import heads
from trunkline.activity.checking import Report, verify
from trunkline.activity.models import ActivityCheck
from trunkline.activity.sealing import seal_batch
from trunkline.auth.models import User, UserStatus
from trunkline.db import append_only
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.mail.operations import queue
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport, Policy, ScheduledTask, StepKind

STEP = "core.verify_activity"
#: In the operator's zone: after the day's business, before the night's backup is taken away.
_HOUR = 3
_FINDINGS_KEPT = 100
_FINDINGS_MAILED = 20
_OVERDUE = timedelta(hours=49)


def plan(ctx: Context) -> None:
    """Queue this night's verification, once."""
    here = ctx.now().astimezone(ctx.app.config.zone)
    if here.hour < _HOUR:
        return
    enqueue(
        ctx,
        kind="core.activity",
        title=_("Verify the activity log"),
        steps=[PlannedStep(STEP, label=_("Verify the activity log"))],
        key=f"activity:verify:{here:%Y-%m-%d}",
        on_failure=OnFailure.HOLD,
    )


def verify_all(step: StepContext) -> Mapping[str, Any]:
    """Seal, verify, and keep what was found."""
    while True:
        with step.unit_of_work() as ctx:
            if not seal_batch(ctx, thorough=True):
                break
    report = verify(step.app, progress=lambda so_far: _say(step, so_far))
    for finding in report.findings[:_FINDINGS_KEPT]:
        step.log(finding, "error")
    with step.unit_of_work() as ctx:
        keep(ctx, report)
    if report.head is not None:
        heads.announce(report.head)
    return {"seals": report.seals, "entries": report.entries, "problems": report.problems}


def _say(step: StepContext, report: Report) -> None:
    step.log(
        _("{seals} seals and {entries} entries verified.", seals=report.seals, entries=report.entries),
        "debug",
    )


def keep(ctx: Context, report: Report) -> None:
    """Record what a verification of the whole log found; mail the administrators about what they were not told yet."""
    last = latest(ctx)
    ctx.session.add(
        ActivityCheck(
            at=ctx.now(),
            seals=report.seals,
            entries=report.entries,
            waiting=report.waiting,
            problems=report.problems,
            findings=report.findings[:_FINDINGS_KEPT],
            head=str(report.head or ""),
        )
    )
    if report.problems and (last is None or last.findings != report.findings[:_FINDINGS_KEPT]):
        _tell(ctx, report)


def _tell(ctx: Context, report: Report) -> None:
    known = sha256("\n".join(report.findings).encode()).hexdigest()[:24]
    for user in _administrators(ctx):
        queue(
            ctx,
            template="core/mail/activity_altered",
            to=user.email,
            language=user.language,
            context={
                "name": user.name,
                "problems": report.problems,
                "findings": report.findings[:_FINDINGS_MAILED],
                "url": f"{ctx.app.config.public_url}/activity/seals",
                "operator": ctx.app.config.operator_name,
            },
            key=f"activity:{known}:{user.key}:{ctx.now():%Y-%m-%d}",
        )


def _administrators(ctx: Context) -> Sequence[User]:
    statement = (
        select(User)
        .join(UserRole, col(UserRole.user_id) == col(User.id))
        .join(Role, col(Role.id) == col(UserRole.role_id))
        .where(col(Role.name) == ADMINISTRATOR, col(User.status) == UserStatus.ACTIVE)
        .order_by(col(User.id))
    )
    return ctx.session.scalars(statement).unique().all()


def latest(ctx: Context) -> ActivityCheck | None:
    """The newest verification."""
    return ctx.session.scalars(
        select(ActivityCheck).order_by(col(ActivityCheck.id).desc()).limit(1)
    ).one_or_none()


def health_checks(ctx: Context) -> Sequence[HealthReport]:
    """Whether the log is whole, as of the last verification."""
    name = str(_("Activity log"))
    if bare := append_only.missing(ctx.session.connection()):
        return [
            HealthReport(
                name,
                Health.FAILED,
                _("{tables} can be changed: their triggers are gone.", tables=", ".join(bare)),
                _("Find out who dropped them; trunkline activity protect makes them again."),
            )
        ]
    last = latest(ctx)
    if last is None:
        return [HealthReport(name, Health.OK, _("Verified for the first time tonight."))]
    if last.problems:
        return [
            HealthReport(
                name,
                Health.FAILED,
                ngettext(
                    "{n} entry or seal is not as it was.",
                    "{n} entries or seals are not as they were.",
                    last.problems,
                ),
                _("See the sealed state on the activity page; run trunkline activity verify."),
            )
        ]
    if ctx.now() - last.at > _OVERDUE:
        return [
            HealthReport(
                name, Health.WARNING, _("Not verified for two days."), _("See whether a worker runs.")
            )
        ]
    return [
        HealthReport(
            name,
            Health.OK,
            _(
                "{seals} seals and {entries} entries are as they were.",
                seals=last.seals,
                entries=last.entries,
            ),
        )
    ]


VERIFY = StepKind(
    STEP,
    _("Verify the activity log"),
    verify_all,
    irreversible=True,
    policy=Policy.RESUME,
    timeout=timedelta(hours=6),
)
NIGHTLY = ScheduledTask("verify_activity", plan, timedelta(minutes=20), _("Verify the activity log"))
