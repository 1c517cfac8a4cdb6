"""The job step that sends one message: at least once, under one Message-ID, and never silently."""

from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import col, select

from trunkline.errors import NotFound, TrunklineError, Unavailable
from trunkline.i18n import gettext as _
from trunkline.jobs.steps import StepContext, StepFailed, TryAgain
from trunkline.mail.events import EmailFailed, EmailSent
from trunkline.mail.message import compose
from trunkline.mail.models import Email, EmailStatus
from trunkline.mail.operations import STEP, parts_of
from trunkline.mail.transports import transport_for
from trunkline.operation import Context
from trunkline.plugin import StepKind

#: With growing pauses this is about a day.
TRIES = 28


# Built once: building costs more than running.
_LOCKED = select(Email).where(col(Email.number) == bindparam("number")).with_for_update()


class SendMail(BaseModel):
    """Which message."""

    email: str


def send(step: StepContext) -> dict[str, Any]:
    """Hand the message to the carrier. One that was being handed over when its worker died is sent again or parked, by policy."""
    with step.unit_of_work() as ctx:
        email = _locked(ctx, step.inputs.email)
        if email.status in (EmailStatus.SENT, EmailStatus.PARKED):
            return {"status": email.status}
        unknown = email.status == EmailStatus.SENDING
        if unknown and step.app.config.mail.unknown_fate == "park":
            email.status = EmailStatus.PARKED.value
            email.answer = str(_("The worker died while handing it over; it may have arrived."))
            step.log(email.answer, "warn")
            return {"status": email.status}
        email.status = EmailStatus.SENDING.value
        email.tries += 1
        tries, message = email.tries, compose(email, parts_of(email))
    transport = transport_for(step.app)
    try:
        answer = transport.send(message)
    except Unavailable as error:
        _put_back(step, str(error), final=tries >= TRIES)
        if tries >= TRIES:
            raise StepFailed(str(error)) from error
        raise TryAgain(str(error), after=pause(tries), limit=TRIES) from error
    except TrunklineError as error:
        _put_back(step, str(error), final=True)
        raise StepFailed(str(error)) from error
    step.with_end(partial(_sent, step.inputs.email, transport.name, answer))
    step.log_with_end(answer, "ok")
    return {"status": EmailStatus.SENT.value, "answer": answer}


def _sent(number: str, transport: str, answer: str, ctx: Context) -> None:
    email = _locked(ctx, number)
    email.status, email.sent_at = EmailStatus.SENT.value, ctx.now()
    email.transport, email.answer = transport[:60], answer[:500]
    email.sealed = None
    ctx.emit(
        EmailSent(
            entity_id=email.key,
            customer_id=email.customer_id,
            number=email.number,
            template=email.template,
        )
    )


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries: half a minute, doubling, at most an hour."""
    return timedelta(seconds=min(30 * 2 ** (tries - 1), 3600))


def _put_back(step: StepContext, reason: str, *, final: bool) -> None:
    with step.unit_of_work() as ctx:
        email = _locked(ctx, step.inputs.email)
        email.status = (EmailStatus.FAILED if final else EmailStatus.QUEUED).value
        email.answer = reason[:500]
        if final:
            ctx.emit(
                EmailFailed(
                    entity_id=email.key,
                    customer_id=email.customer_id,
                    number=email.number,
                    template=email.template,
                    reason=reason,
                )
            )


def _locked(ctx: Context, number: str) -> Email:
    email: Email | None = ctx.session.scalars(_LOCKED, {"number": number}).one_or_none()
    if email is None:
        raise NotFound(_("There is no message {number}.", number=number))
    return email


SEND_MAIL = StepKind(
    STEP, _("Send the message"), send, inputs=SendMail, irreversible=True, timeout=timedelta(minutes=5)
)
