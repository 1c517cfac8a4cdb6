"""Queueing text messages, and what a person may do with one that did not get out."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select

from trunkline.customers.identity import check_phone
from trunkline.db.numbers import next_number
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.operation import Context, operation
from trunkline.sms.events import SmsRetried
from trunkline.sms.models import Sms, SmsStatus
from trunkline.web.writing import phone_text

STEP = "core.send_sms"
JOB_KIND = "core.sms"
MASK = "••••••"
#: Ten parts of a concatenated message (3GPP TS 23.040 §9.2.3.24.1) leave room for 1530 characters.
LONGEST = 1530


def queue(
    ctx: Context,
    *,
    to: str,
    text: str,
    key: str,
    customer_id: int | None = None,
    secrets: Sequence[str] = (),
    useful_for: timedelta | None = None,
) -> Sms:
    """Have the worker send a text message after commit; the same `key` gives the message queued before.

    `to` is E.164 with `+`. `secrets` appear masked in the log and are sealed in the row. After `useful_for` it is not sent any
    more. Raises Refused (field `to` or `text`) for a number that is none and a text that is empty or too long.
    """
    existing = ctx.session.scalars(select(Sms).where(col(Sms.unique_key) == key)).one_or_none()
    if existing is not None:
        return existing
    recipient = check_phone(to, ctx.app.config.country, field="to")
    if not recipient:
        raise Refused(_("There is no phone number to write to."), field="to", remedy=_("Add one first."))
    if not 0 < len(text) <= LONGEST:
        raise Refused(_("A text message has 1 to {n} characters.", n=LONGEST), field="text")
    shown = text
    for secret in secrets:
        shown = shown.replace(secret, MASK)
    sms = Sms(
        number=next_number(ctx.session, "sms"),
        unique_key=key,
        recipient=recipient,
        text=shown,
        sealed=text if shown != text else None,
        queued_at=ctx.now(),
        useless_at=ctx.now() + useful_for if useful_for is not None else None,
        customer_id=customer_id,
    )
    ctx.session.add(sms)
    ctx.session.flush()
    _send_later(ctx, sms, key=f"sms:{sms.number}")
    return sms


@operation("core.sms.retry")
def send_again(ctx: Context, number: str) -> Sms:
    """Try once more to send a message that failed. Raises Refused in any other status, and for a code whose time is over."""
    sms = ctx.load_by(Sms, Sms.number, number, lock=True)
    if sms.status != SmsStatus.FAILED:
        raise Refused(_("Only a message that failed can be sent again."), field="status")
    if sms.useless_at is not None and ctx.now() >= sms.useless_at:
        raise Refused(_("Its code is over, so it would help nobody."), remedy=_("Have a fresh code sent."))
    sms.status, sms.answer, sms.tries = SmsStatus.QUEUED.value, "", 0
    ctx.session.flush()
    ctx.note(sms, label=sms.number)
    ctx.emit(SmsRetried(entity_id=sms.key, customer_id=sms.customer_id, number=sms.number))
    _send_later(ctx, sms, key=f"sms:{sms.number}:{sms.version}")
    return sms


def _send_later(ctx: Context, sms: Sms, *, key: str) -> None:
    enqueue(
        ctx,
        kind=JOB_KIND,
        title=_(
            "Text message {number} to {recipient}", number=sms.number, recipient=phone_text(sms.recipient)
        ),
        steps=[PlannedStep(STEP, inputs={"sms": sms.number})],
        key=key,
        customer_id=sms.customer_id,
        subject=("sms", sms.key),
        on_failure=OnFailure.HOLD,
        # Somebody waits for it before a page.
        priority=1,
    )
