"""Mails about jobs that failed: who gets them, and one for each job, queued when its end is told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.access.holding import users_who_may
from trunkline.access.roles import actor_for
from trunkline.auth.models import User, UserKind
from trunkline.auth.own_account import own_user
from trunkline.customers.models import Customer
from trunkline.jobs.events import JobEnded
from trunkline.jobs.models import Job, JobState
from trunkline.mail import operations as mail
from trunkline.mail.models import Email
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

TEMPLATE = "core/mail/job_failed"
#: Their failures are told by their own logs; a mail about a mail that did not get out would not get out either.
_UNTOLD = frozenset({"core.mail", "core.sms"})
#: Whoever asked for one, of core or a plugin, waits for what it says.
_LOOKED_AT = frozenset({"dry_run", "trial"})
#: More people than this are not written to.
_MAILS = 50
#: One person gets so many an hour; the last one says that the page has the rest.
HOURLY = 20
_PREFERENCE = "job_failures"


class Wish(StrEnum):
    """What somebody wants to hear about failed jobs."""

    AS_SET = ""
    ALWAYS = "on"
    NEVER = "off"


def wish_of(user: User) -> Wish:
    """What this person chose."""
    chosen = user.preferences.get(_PREFERENCE, "")
    return Wish(chosen) if chosen in list(Wish) else Wish.AS_SET


def choose(ctx: Context, wish: Wish) -> User:
    """Have oneself mailed about failed jobs, or not, or as the settings say."""
    user = own_user(ctx)
    with ctx.run("core.user.edit_own"):
        user.preferences = {**user.preferences, _PREFERENCE: wish.value}
        ctx.note(user, label=user.email)
    return user


def tell(ctx: Context, event: JobEnded) -> None:
    """Queue a mail to everybody who wants to know of this job's failure; told again it queues none twice."""
    if event.kind in _UNTOLD or event.kind.rpartition(".")[2] in _LOOKED_AT:
        return
    job = ctx.session.get(Job, event.entity_id)
    if job is None:
        return
    if ctx.app.hooks.gather("jobs_told_elsewhere", int, session=ctx.session, ctx=ctx, keys=(job.key,)):
        return
    for reader in readers(ctx, lambda user: _sees(ctx, user, job)):
        if not _has_enough(ctx, reader.address):
            _queue(ctx, job, event, reader)


class Reader(NamedTuple):
    """Who is written to, and in which language."""

    address: str
    name: str
    language: str


def readers(ctx: Context, sees: Callable[[User], bool]) -> Iterator[Reader]:
    """Who hears of failures: the mailbox of the settings, and members of staff who want to know and of whom `sees` is true."""
    if mailbox := ctx.settings(CoreSettings).job_failure_mailbox:
        yield Reader(mailbox, ctx.app.config.operator_name, ctx.app.config.language)
    for user in _wanting(ctx, sees):
        yield Reader(user.email, user.name, user.language)


def write_to(ctx: Context, reader: Reader, template: str, facts: Mapping[str, Any], occasion: str) -> None:
    """Queue a mail with these facts to one of them; told of the same occasion again it queues none twice."""
    mail.queue(
        ctx,
        template=template,
        to=reader.address,
        language=reader.language,
        context={"name": reader.name, "operator": ctx.app.config.operator_name, **facts},
        key=f"{occasion}:{reader.address}",
    )


def _wanting(ctx: Context, sees: Callable[[User], bool]) -> Iterator[User]:
    """Those who may act unless they said no, others if they said yes."""
    all_who_act = ctx.settings(CoreSettings).job_failure_staff
    acting = (
        {user.key for user in ctx.session.scalars(users_who_may("core.job.retry"))} if all_who_act else set()
    )
    sent = 0
    for user in ctx.session.scalars(users_who_may("core.job.view")).all():
        wish = wish_of(user)
        wants = wish is Wish.ALWAYS or (wish is Wish.AS_SET and user.key in acting)
        if wants and user.email and user.kind == UserKind.STAFF and sent < _MAILS and sees(user):
            sent += 1
            yield user


def _sees(ctx: Context, user: User, job: Job) -> bool:
    other = replace(ctx, actor=actor_for(ctx.session, user))
    visible = select(col(Job.id)).where(col(Job.id) == job.key, *other.visible_conditions(Job))
    return ctx.session.scalar(visible) is not None


def _lately(ctx: Context, address: str) -> int:
    since = ctx.now() - timedelta(hours=1)
    counted = select(func.count()).where(
        col(Email.recipient) == address, col(Email.template) == TEMPLATE, col(Email.queued_at) > since
    )
    return ctx.session.scalar(counted) or 0


def _has_enough(ctx: Context, address: str) -> bool:
    return _lately(ctx, address) >= HOURLY


def _queue(ctx: Context, job: Job, event: JobEnded, reader: Reader) -> None:
    customer = ctx.session.get(Customer, job.customer_id) if job.customer_id is not None else None
    facts = {
        "number": job.number,
        "title": job.title,
        "customer": f"{customer.name} ({customer.number})" if customer else "",
        "error": event.error,
        "state": _state_told(event),
        "last": _lately(ctx, reader.address) == HOURLY - 1,
        "link": f"{ctx.app.config.public_url}/jobs/{job.number}",
    }
    write_to(ctx, reader, TEMPLATE, facts, f"job-failed:{job.number}")


def _state_told(event: JobEnded) -> str:
    """What the event says, whatever has become of the job since."""
    return {"job.failed": JobState.FAILED, "job.rollback_failed": JobState.ROLLBACK_FAILED}.get(
        event.name, JobState.ROLLED_BACK
    ).value
