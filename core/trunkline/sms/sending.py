"""The job step that sends one text message: at least once, and never silently."""

from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from trunkline.errors import NotFound, TrunklineError, Unavailable
from trunkline.i18n import gettext as _
from trunkline.jobs.steps import StepContext, StepFailed, TryAgain
from trunkline.mail.sending import pause
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline.providers import SmsMessage
from trunkline.sms.events import SmsFailed, SmsSent
from trunkline.sms.models import Sms, SmsStatus
from trunkline.sms.operations import STEP
from trunkline.sms.transports import chosen

#: With growing pauses this is about a day.
TRIES = 28


class SendSms(BaseModel):
    """Which message."""

    sms: str


def send(step: StepContext) -> dict[str, Any]:
    """Hand the message to the carrier. The carrier recognises a repeat by the message's number."""
    with step.unit_of_work() as ctx:
        sms = _locked(ctx, step.inputs.sms)
        if sms.status != SmsStatus.QUEUED:
            return {"status": sms.status}
        if sms.useless_at is not None and ctx.now() >= sms.useless_at:
            sms.status, sms.sealed = SmsStatus.FAILED.value, None
            sms.answer = str(_("Its code is over, so it was not sent."))
            step.log(sms.answer, "warn")
            return {"status": sms.status}
        sms.tries += 1
        tries, message = sms.tries, SmsMessage(sms.number, sms.recipient, sms.sealed or sms.text)
    try:
        with step.app.reading() as ctx:
            transport = chosen(ctx)
        answer = transport.send(message)
    except Unavailable as error:
        _put_back(step, str(error), final=tries >= TRIES)
        if tries >= TRIES:
            raise StepFailed(str(error)) from error
        raise TryAgain(str(error), after=pause(tries), limit=TRIES) from error
    except TrunklineError as error:
        _put_back(step, str(error), final=True)
        raise StepFailed(str(error)) from error
    step.with_end(partial(_sent, step.inputs.sms, transport.name, answer))
    step.log_with_end(answer, "ok")
    return {"status": SmsStatus.SENT.value, "answer": answer}


def _sent(number: str, transport: str, answer: str, ctx: Context) -> None:
    sms = _locked(ctx, number)
    sms.status, sms.sent_at = SmsStatus.SENT.value, ctx.now()
    sms.transport, sms.answer, sms.sealed = transport[:60], answer[:500], None
    ctx.emit(SmsSent(entity_id=sms.key, customer_id=sms.customer_id, number=sms.number))


def _put_back(step: StepContext, reason: str, *, final: bool) -> None:
    with step.unit_of_work() as ctx:
        sms = _locked(ctx, step.inputs.sms)
        sms.status = (SmsStatus.FAILED if final else SmsStatus.QUEUED).value
        sms.answer = reason[:500]
        if final:
            ctx.emit(
                SmsFailed(entity_id=sms.key, customer_id=sms.customer_id, number=sms.number, reason=reason)
            )


def _locked(ctx: Context, number: str) -> Sms:
    sms = ctx.session.scalars(select(Sms).where(col(Sms.number) == number).with_for_update()).one_or_none()
    if sms is None:
        raise NotFound(_("There is no text message {number}.", number=number))
    return sms


SEND_SMS = StepKind(
    STEP, _("Send the text message"), send, inputs=SendSms, irreversible=True, timeout=timedelta(minutes=5)
)
