"""Jobs as a list, for the page and for REST."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import col, select

from trunkline.customers.models import Customer
from trunkline.i18n import current_zone, localize, translate
from trunkline.i18n import gettext as _
from trunkline.jobs import queries
from trunkline.jobs.models import MAIL_KINDS, Job, JobState, JobStep
from trunkline.jobs.queries import NEEDS_PERSON
from trunkline.operation import SYSTEM, Context
from trunkline.web.tables import Column, Empty, Filter, Kind, Tab, Table
from trunkline.web.tones import lazy_state_label

_WORKING = (JobState.RUNNING, JobState.ROLLING_BACK)
_UNDONE = (JobState.ROLLED_BACK, JobState.CANCELLED)
_FAILED = (JobState.FAILED, JobState.ROLLED_BACK, JobState.ROLLBACK_FAILED)
#: Kinds that are not said as they are spelt, or that nothing else of the trunk says.
_KINDS = {"sms": _("Text message"), "geocoding": _("Look up addresses")}


def kind_label(kind: str) -> str:
    """`catalog.order_line` as people read it, in their language where anything says the words."""
    word = kind.rpartition(".")[2]
    return str(_KINDS.get(word) or translate(word.replace("_", " ").capitalize()))


def _progress(row: Any) -> str:
    return f"{row['steps_done']}/{row['steps']}"


def _seconds(row: Any) -> float | None:
    if row["started_at"] is None or row["finished_at"] is None:
        return None
    return float((row["finished_at"] - row["started_at"]).total_seconds())


def _written(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'")


def _tabs(ctx: Context) -> tuple[Tab, ...]:
    # Written out, as the indexes have it whose rows these are.
    no_mail = col(Job.kind).not_in([_written(kind) for kind in MAIL_KINDS])
    # What the clock starts for nobody in particular: worth a look while it runs or when it failed, else a view of its own.
    by_the_clock = (col(Job.requested_by) == _written(SYSTEM.name)) & col(Job.customer_id).is_(None)
    routine = no_mail & by_the_clock & (col(Job.state) == _written(JobState.SUCCEEDED))
    today = localize(ctx.now(), current_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        Tab("work", _("All"), no_mail & ~routine, without=("kind", "product")),
        Tab("queued", _("Waiting"), (col(Job.state) == JobState.QUEUED) & no_mail, count=True),
        Tab("running", _("At work"), col(Job.state).in_(_WORKING), count=True, tone="info"),
        Tab("attention", _("Need a person"), col(Job.state).in_(NEEDS_PERSON), count=True, tone="danger"),
        Tab(
            "failed_today",
            _("Failed today"),
            col(Job.state).in_(_FAILED) & (col(Job.finished_at) >= today) & no_mail,
            count=True,
        ),
        Tab("undone", _("Undone"), col(Job.state).in_(_UNDONE)),
        Tab("routine", _("Routine"), routine),
        Tab("mail", _("Mail"), col(Job.kind).in_(MAIL_KINDS)),
    )


def _works_on(targets: Sequence[str]) -> ColumnElement[bool]:
    """Jobs with a step at one of these targets."""
    return col(Job.id).in_(select(col(JobStep.job_id)).where(col(JobStep.target).in_(targets)))


def _filters(ctx: Context) -> tuple[Filter, ...]:
    return (
        Filter("state", _("State"), [(state.value, lazy_state_label(state)) for state in JobState]),
        Filter("kind", _("Kind"), [(kind, kind_label(kind)) for kind in queries.kinds(ctx)], changing=True),
        Filter("created_at", _("Queued"), kind="dates"),
        Filter("product", _("Product"), queries.recent_products(ctx), "text"),
        Filter("target", _("Target"), queries.recent_targets(ctx), "text", where=_works_on),
        Filter(
            "customer", _("Customer"), kind="text", where=lambda numbers: col(Customer.number).in_(numbers)
        ),
    )


_JOBS = Table(
    "jobs",
    label=_("Jobs"),
    columns=(
        Column("title", _("Job"), href="/jobs/{number}"),
        Column("number", _("Number"), Kind.MONO, sort=True),
        Column(
            "customer_name",
            _("Customer"),
            priority=2,
            href=lambda row: f"/customers/{row['customer']}" if row["customer"] else None,
        ),
        Column("kind", _("Kind"), priority=3, value=lambda row: kind_label(row["kind"])),
        Column("product", _("Product"), priority=3, optional=True),
        Column("steps_done", _("Steps"), priority=3, align="end", value=_progress),
        Column("created_at", _("Queued"), Kind.RELATIVE, sort="id", priority=2),
        Column("took", _("Took"), Kind.DURATION, priority=3, value=_seconds),
        Column("requested_by", _("By"), priority=3, optional=True),
        Column("error", _("Error"), priority=3, optional=True),
        Column("state", _("State"), Kind.STATUS),
    ),
    starts=("number", "title"),
    found=(("customer", col(Job.customer_id)),),
    search_label=_("Search number, job, customer"),
    # Jobs are numbered as they are queued, and the key is indexed.
    sort="-id",
    row_href="/jobs/{number}",
    empty=Empty(
        _("No jobs yet"), _("Orders, mails, imports and runs appear here with their log."), icon="player-play"
    ),
)


def jobs_table(ctx: Context) -> Table:
    """The list as it is now: its views know what day it is, its filters the kinds and products there are."""
    return replace(_JOBS, tabs=_tabs(ctx), filters=_filters(ctx))
