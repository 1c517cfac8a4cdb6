"""Every hour the directory is asked about its people: who is gone or disabled there is signed out here."""

from datetime import timedelta
from typing import Any

from trunkline.auth.directories import people_of, shut_out, take_in
from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext as _
from trunkline.jobs import operations as jobs
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask, StepKind
from trunkline_ldap import directory
from trunkline_ldap.connection import searching
from trunkline_ldap.provider import person_of, welcome_of
from trunkline_ldap.settings import LdapSettings

STEP = "ldap.review"


def plan(ctx: Context) -> None:
    """Queue the review of this hour, where there is anybody to ask about. The job waits for the network, holding no lock."""
    settings = ctx.settings(LdapSettings)
    if not settings.addresses or not people_of(ctx, directory.ORIGIN):
        return
    hour = ctx.now().strftime("%Y%m%d%H")
    jobs.enqueue(
        ctx,
        kind=STEP,
        title=str(_("Ask the directory about its people")),
        steps=[jobs.PlannedStep(kind=STEP, name="review")],
        key=f"{STEP}:{hour}",
    )


def review(step: StepContext) -> dict[str, Any]:
    """Bring the accounts of the directory's people up to date; while it does not answer they stay as they are."""
    with step.app.reading() as ctx:
        settings = ctx.settings(LdapSettings)
        known = [(user.key, user.external_id or "", user.email) for user in people_of(ctx, directory.ORIGIN)]
    out = 0
    try:
        with searching(settings) as connection:
            for user_id, external_id, email in known:
                if step.cancelled():
                    break
                entry = directory.by_external_id(connection, settings, external_id)
                groups = directory.groups_of(connection, settings, entry) if entry is not None else []
                reason = _follow(step, settings, user_id, entry, groups)
                if reason:
                    out += 1
                    step.log(f"{email}: {reason}", "warn")
    except Unavailable as error:
        step.log(f"The directory does not answer: {error.message}", "error")
        return {"asked": 0, "signed_out": out}
    return {"asked": len(known), "signed_out": out}


def _follow(
    step: StepContext,
    settings: LdapSettings,
    user_id: int,
    entry: directory.Entry | None,
    groups: list[directory.Group],
) -> str:
    """Do here what the directory says of one person; returns why they were signed out, or nothing."""
    reason = ""
    if entry is None:
        reason = "is not in the directory any more"
    elif entry.is_disabled:
        reason = "is disabled in the directory"
    elif not directory.roles_of(settings, groups):
        reason = "is in no group that has a role here"
    try:
        with step.unit_of_work() as ctx:
            if reason or entry is None:
                shut_out(ctx, user_id, reason)
            else:
                take_in(ctx, person_of(settings, entry, groups), welcome_of(settings))
    except Refused as error:
        step.log(f"{entry.dn if entry else user_id}: {error.message}", "error")
    return reason


STEP_KIND = StepKind(
    STEP, _("Ask the directory about its people"), review, irreversible=True, timeout=timedelta(minutes=30)
)
HOURLY = ScheduledTask("review_people", plan, timedelta(hours=1), _("Review people of the directory"))
