"""Queueing mail, and what a person may do with a message that did not get out."""

import json
import secrets as random
from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from trunkline.branding.brands import Brand
from trunkline.branding.spoken import brand_of_customer
from trunkline.customers.identity import check_email
from trunkline.db.numbers import next_number
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.mail.events import EmailRetried
from trunkline.mail.models import Email, EmailStatus
from trunkline.mail.rendering import RenderedMail, render_mail
from trunkline.mail_templates.queries import wording_of
from trunkline.operation import Context, operation

STEP = "core.send_mail"
JOB_KIND = "core.mail"
MASK = "••••••••"
#: Values under these names in a template's context are masked in the log by themselves.
_SECRET_NAMES = frozenset({"token", "secret", "password", "code", "pin"})

# Built once: building costs more than running.
_BY_KEY = select(Email).where(col(Email.unique_key) == bindparam("key"))


def queue(
    ctx: Context,
    *,
    template: str,
    to: str,
    language: str,
    context: Mapping[str, Any],
    customer_id: int | None = None,
    key: str,
    secrets: Sequence[str] = (),
) -> Email:
    """Render a message now and have the worker send it after commit; the same `key` gives the message queued before.

    `secrets` (and context values named token, secret, password, code or pin) appear masked in the log and are sealed in the row.
    Raises Refused when the template is broken or `to` is no address.
    """
    existing: Email | None = ctx.session.scalars(_BY_KEY, {"key": key}).one_or_none()
    if existing is not None:
        return existing
    recipient = check_email(to, field="to")
    if not recipient:
        raise Refused(_("There is no e-mail address to write to."), field="to", remedy=_("Add one first."))
    brand = brand_of_customer(ctx, customer_id)
    spoken = language or brand.language or ctx.app.config.language
    rendered = render_mail(ctx.app, template, spoken, context, brand, wording_of(ctx, template, spoken))
    hidden = _hidden(context, secrets)
    sender = _sender(brand, ctx.app.config.mail.sender)
    number = next_number(ctx.session, "email")
    email = Email(
        number=number,
        unique_key=key,
        sender=sender,
        recipient=recipient,
        subject=_masked(rendered.subject, hidden),
        text=_masked(rendered.text, hidden),
        html=_masked(rendered.html, hidden),
        sealed=_sealed(rendered, hidden),
        language=language,
        template=template,
        message_id=f"<{number}.{random.token_hex(8)}@{_domain(sender)}>",
        queued_at=ctx.now(),
        customer_id=customer_id,
    )
    ctx.session.add(email)
    ctx.session.flush()
    _send_later(ctx, email, key=f"mail:{email.number}")
    return email


@operation("core.email.retry")
def send_again(ctx: Context, number: str) -> Email:
    """Try once more to send a failed or parked message, under its own Message-ID. Raises Refused in any other status."""
    email = ctx.load_by(Email, Email.number, number, lock=True)
    if email.status not in (EmailStatus.FAILED, EmailStatus.PARKED):
        raise Refused(_("Only a failed or parked message can be sent again."), field="status")
    email.status, email.answer, email.tries = EmailStatus.QUEUED.value, "", 0
    ctx.session.flush()
    ctx.note(email, label=email.number)
    ctx.emit(
        EmailRetried(
            entity_id=email.key, customer_id=email.customer_id, number=email.number, template=email.template
        )
    )
    _send_later(ctx, email, key=f"mail:{email.number}:{email.version}")
    return email


def parts_of(email: Email) -> RenderedMail:
    """What really goes out, secrets included."""
    if email.sealed:
        return RenderedMail(**json.loads(email.sealed))
    return RenderedMail(email.subject, email.text, email.html)


def _send_later(ctx: Context, email: Email, *, key: str) -> None:
    enqueue(
        ctx,
        kind=JOB_KIND,
        title=_("Mail {number} to {recipient}", number=email.number, recipient=email.recipient),
        steps=[PlannedStep(STEP, inputs={"email": email.number})],
        key=key,
        customer_id=email.customer_id,
        subject=("email", email.key),
        on_failure=OnFailure.HOLD,
    )


def _hidden(context: Mapping[str, Any], secrets: Sequence[str]) -> list[str]:
    named = [str(value) for name, value in context.items() if name in _SECRET_NAMES and value]
    return sorted({value for value in [*named, *secrets] if len(value) >= 4}, key=len, reverse=True)


def _masked(text: str, hidden: Sequence[str]) -> str:
    for value in hidden:
        text = text.replace(value, MASK)
    return text


def _sealed(rendered: RenderedMail, hidden: Sequence[str]) -> str | None:
    if not any(
        value in part for value in hidden for part in (rendered.subject, rendered.text, rendered.html)
    ):
        return None
    return json.dumps({"subject": rendered.subject, "text": rendered.text, "html": rendered.html})


def _sender(brand: Brand, configured: str) -> str:
    """Who a message comes from: a reseller's customers are to read no other name than that of its brand."""
    if brand.mail_sender or not brand.of_reseller:
        return brand.mail_sender or configured
    return str(Address(brand.name, addr_spec=parseaddr(configured)[1]))


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
