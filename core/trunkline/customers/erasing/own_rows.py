"""What becomes of the trunk's own tables when a person is erased."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, or_, select
from sqlmodel import col

from trunkline.activity.erasing import may_rewrite
from trunkline.approvals.models import Approval, ApprovalState
from trunkline.auth.events import UserInvited
from trunkline.auth.impersonation.models import Impersonation
from trunkline.auth.models import User, UserStatus
from trunkline.customers.erasing import log, traces
from trunkline.customers.erasing.events import CustomerErased
from trunkline.customers.erasing.parts import (
    Erased,
    ErasedOtherwise,
    ErasedRows,
    Fate,
    Hindrance,
    Person,
    none_of,
    of_customer,
    pseudonym,
)
from trunkline.customers.merging.models import CustomerDuplicate, CustomerMerge, CustomerMergeRow
from trunkline.customers.models import (
    Contact,
    Customer,
    CustomerAttribute,
    CustomerStatus,
    CustomerTag,
    Site,
)
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.interactions.models import Interaction
from trunkline.jobs.models import NEEDS_DECISION, OPEN, Job, JobState
from trunkline.lists.models import ListRunRow, SavedView
from trunkline.mail.models import Email, EmailStatus
from trunkline.operation import Context
from trunkline.rest.units import IdempotentAnswer
from trunkline.sms.models import Sms, SmsStatus

ERASE = "core.customer.erase"
#: Jobs that send one message: what they could still do, the erasure makes needless.
_MESSAGES = ("core.mail", "core.sms")
_AT_WORK = (JobState.RUNNING, JobState.ROLLING_BACK)


def _of_users(model: Any) -> Callable[[Person], ColumnElement[bool]]:
    return lambda person: col(model.user_id).in_(person.user_ids)


def _unsent(*waiting: str, after: str) -> Callable[[Person, Any], Any]:
    """The status of what was not sent yet: it has nobody to go to any more."""
    return lambda person, table: case((table.c.status.in_(waiting), after), else_=table.c.status)


def _done_with(person: Person) -> ColumnElement[bool]:
    """Their jobs that are over, and those that send messages to them."""
    emails = select(col(Email.id)).where(traces.sent_to(Email)(person))
    texts = select(col(Sms.id)).where(traces.sent_to(Sms)(person))
    of_person = or_(
        col(Job.customer_id).in_(person.customer_ids),
        and_(col(Job.subject_kind) == "email", col(Job.subject_id).in_(emails)),
        and_(col(Job.subject_kind) == "sms", col(Job.subject_id).in_(texts)),
    )
    over = col(Job.state).not_in((*OPEN, *NEEDS_DECISION))
    return and_(of_person, or_(over, and_(col(Job.kind).in_(_MESSAGES), col(Job.state).not_in(_AT_WORK))))


def _delivered(person: Person) -> ColumnElement[bool]:
    """Their events that nobody waits for any more; what is still to be told goes with the next daily look."""
    waits = exists().where(
        col(EventDelivery.event_id) == col(OutboxEvent.id),
        col(EventDelivery.state) == DeliveryState.PENDING,
    )
    return and_(
        or_(
            col(OutboxEvent.customer_id).in_(person.customer_ids),
            and_(
                col(OutboxEvent.entity) == UserInvited.entity(),
                col(OutboxEvent.entity_id).in_(person.user_ids),
            ),
        ),
        col(OutboxEvent.name) != CustomerErased.name,
        ~waits,
    )


def _merges(person: Person) -> ColumnElement[bool]:
    return or_(
        col(CustomerMerge.customer_id).in_(person.customer_ids),
        col(CustomerMerge.source_id).in_(person.customer_ids),
    )


def _answers(person: Person) -> ColumnElement[bool]:
    """Answers to programs that name the person, or any of their numbers."""
    told = [cast(col(IdempotentAnswer.body), String).contains(number) for number in person.numbers]
    return or_(person.told_in(col(IdempotentAnswer.body), col(IdempotentAnswer.key)), *told)


CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedOtherwise(
        "search",
        "",
        Fate.DELETED,
        lambda ctx, person: 0,
        traces.forget_search,
        tables=("core_search_document",),
    ),
    ErasedRows(Job, _("Jobs"), _done_with),
    ErasedOtherwise("spool", "", Fate.DELETED, lambda ctx, person: 0, traces.discard_spooled),
    ErasedRows(
        Email,
        _("E-mails"),
        traces.sent_to(Email),
        {
            "recipient": "",
            "subject": "",
            "text": "",
            "html": "",
            "sealed": None,
            "answer": "",
            "status": _unsent(EmailStatus.QUEUED, EmailStatus.PARKED, after=EmailStatus.FAILED),
        },
    ),
    ErasedRows(
        Sms,
        _("Text messages"),
        traces.sent_to(Sms),
        {
            "recipient": "",
            "text": "",
            "sealed": None,
            "answer": "",
            "status": _unsent(SmsStatus.QUEUED, after=SmsStatus.FAILED),
        },
    ),
    ErasedRows(
        Interaction,
        _("Interactions"),
        of_customer(Interaction),
        {"subject": pseudonym, "text": ""},
    ),
    ErasedRows(
        Approval,
        _("Approvals"),
        lambda person: and_(of_customer(Approval)(person), col(Approval.permission) != ERASE),
        {
            "summary": pseudonym,
            "words": lambda person, table: {"summary": person.pseudonym, "facts": []},
            "arguments": none_of(dict),
            "digest": "",
            "note": "",
        },
    ),
    ErasedOtherwise("files", "", Fate.DELETED, lambda ctx, person: 0, traces.discard_files),
    ErasedRows(StoredFile, _("Files"), traces.attached),
    ErasedOtherwise("addresses", "", Fate.DELETED, lambda ctx, person: 0, traces.forget_geocoding),
    ErasedRows(Contact, _("Contacts"), of_customer(Contact)),
    ErasedRows(Site, _("Sites"), of_customer(Site)),
    ErasedRows(CustomerTag, _("Tags"), of_customer(CustomerTag)),
    ErasedRows(CustomerAttribute, _("Attributes"), of_customer(CustomerAttribute)),
    ErasedRows(Impersonation, "", _of_users(Impersonation), {"reason": ""}),
    ErasedOtherwise(
        "sign-ins",
        _("Sessions, keys and own settings of portal users"),
        Fate.DELETED,
        traces.count_of_users,
        traces.forget_of_users,
    ),
    ErasedRows(
        User,
        _("Portal users"),
        of_customer(User),
        {
            "email": None,
            "name": pseudonym,
            "password_hash": None,
            "status": UserStatus.DISABLED,
            "pending_email": None,
            "phone": "",
            "phone_verified_at": None,
            "origin": "",
            "external_id": None,
            "language": "en",
            "preferences": none_of(dict),
            "scope_tags": none_of(list),
        },
    ),
    ErasedRows(
        CustomerMergeRow,
        "",
        lambda person: col(CustomerMergeRow.merge_id).in_(
            select(col(CustomerMerge.id)).where(_merges(person))
        ),
    ),
    ErasedRows(
        CustomerMerge,
        _("Merges, which cannot be undone any more"),
        _merges,
        {
            "source_name": pseudonym,
            "before": none_of(dict),
            "undo_until": lambda person, table: table.c.at,
        },
    ),
    ErasedRows(
        CustomerDuplicate,
        "",
        lambda person: or_(
            col(CustomerDuplicate.first_id).in_(person.customer_ids),
            col(CustomerDuplicate.second_id).in_(person.customer_ids),
        ),
    ),
    ErasedOtherwise("drafts", _("Drafts"), Fate.DELETED, traces.count_drafts, traces.forget_drafts),
    ErasedRows(
        SavedView,
        _("Saved views that name the customer"),
        lambda person: person.told_in(col(SavedView.query), col(SavedView.name)),
    ),
    ErasedRows(
        ListRunRow,
        "",
        lambda person: person.told_in(col(ListRunRow.label), col(ListRunRow.message)),
        {"label": pseudonym, "message": ""},
    ),
    ErasedOtherwise(
        "exports",
        _("Exported lists that wait to be fetched"),
        Fate.DELETED,
        traces.count_exports,
        traces.forget_exports,
    ),
    ErasedOtherwise(
        "imports",
        _("Imported files that name the customer"),
        Fate.DELETED,
        traces.count_imports,
        traces.forget_imports,
    ),
    ErasedRows(IdempotentAnswer, "", _answers),
    ErasedRows(OutboxEvent, _("Events and what webhooks were sent"), _delivered),
    ErasedOtherwise(
        "log",
        _("Entries of the activity log, which stay verifiable"),
        Fate.PSEUDONYMISED,
        log.count,
        log.erase,
        tables=("core_activity",),
    ),
    ErasedRows(
        Customer,
        _("The customer"),
        of_customer(Customer, "id"),
        {
            "name": pseudonym,
            "legal_name": "",
            "tax_id": "",
            "tax_key": None,
            "email": "",
            "phone": "",
            "language": "",
            "birth_date": None,
            "identity_document": "",
            "state_registration": "",
            "website": "",
            "notes": "",
            "status": CustomerStatus.ARCHIVED,
            "assigned_user_id": None,
        },
    ),
)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Jobs that are not over, requests that nobody decided, and a log that this process may not change."""
    found = []
    if not may_rewrite(ctx):
        found.append(
            Hindrance(
                str(_("The application may not delete from the activity log.")),
                str(
                    _(
                        "Have an administrator run trunkline customer erase {number} as the owner of the tables.",
                        number=person.number,
                    )
                ),
            )
        )
    job = ctx.session.scalars(
        select(Job)
        .where(
            col(Job.customer_id).in_(person.customer_ids),
            col(Job.state).in_((*OPEN, *NEEDS_DECISION)),
            ~_done_with(person),
        )
        .order_by(col(Job.id))
        .limit(1)
    ).first()
    if job is not None:
        found.append(
            Hindrance(
                str(_("Job {number} is not over.", number=job.number)),
                str(_("Wait for it, cancel it, or settle what it left behind.")),
                f"/jobs/{job.number}",
            )
        )
    waiting = ctx.session.scalars(
        select(Approval).where(
            col(Approval.customer_id).in_(person.customer_ids),
            col(Approval.state) == ApprovalState.WAITING,
            col(Approval.expires_at) > ctx.now(),
            col(Approval.permission) != ERASE,
        )
    ).first()
    if waiting is not None:
        found.append(
            Hindrance(
                str(_("{number} waits for a second person.", number=waiting.number)),
                str(_("Have it decided or withdrawn first.")),
                f"/approvals/{waiting.number}",
            )
        )
    return found
