"""Messages that a playbook handed over: queued once it has ended well, each once however often the step is done again."""

from collections.abc import Mapping
from typing import Any

from trunkline.customers import queries as customers
from trunkline.errors import Refused
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline_provisioning.devices.order import MESSAGES


def queue_messages(step: StepContext, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Queue what `trunkline.telecom.mail` and `notify` handed over; returns the outputs without it.

    Raises StepFailed when an address is none. A customer without an address gets nothing, which the log says.
    """
    kept = dict(outputs)
    handed = kept.pop(MESSAGES, None)
    if not isinstance(handed, list):
        return kept
    for position, message in enumerate(handed):
        _queue(step, message, f"{step.idempotency_key}:message:{position}")
    return kept


def say_unsent(step: StepContext, outputs: Mapping[str, Any]) -> None:
    """Say of each message that was handed over in a trial that nobody gets it."""
    handed = outputs.get(MESSAGES)
    for message in handed if isinstance(handed, list) else ():
        what = "mail" if message["kind"] == "mail" else "text message"
        about = f" “{message['subject']}”" if message["subject"] else ""
        step.log(
            f"A trial sends nothing: the {what}{about} to {message['to'] or 'the customer'} is not sent.",
            "warn",
        )


def _queue(step: StepContext, message: Mapping[str, Any], key: str) -> None:
    from trunkline.mail import operations as mail
    from trunkline.sms import operations as sms

    with step.unit_of_work() as ctx:
        customer = customers.by_id(ctx, step.customer_id) if step.customer_id is not None else None
        is_mail = message["kind"] == "mail"
        to = message["to"] or (((customer.email if is_mail else customer.phone) or "") if customer else "")
        what = "mail" if is_mail else "text message"
        if not to:
            step.log(f"No address for the {what}, so none is sent.", "warn")
            return
        try:
            if is_mail:
                queued = mail.queue(
                    ctx,
                    template="provisioning/mail/notice",
                    to=to,
                    language=customer.language if customer else "",
                    context={
                        "subject": message["subject"],
                        "text": message["text"],
                        "operator": ctx.app.config.operator_name,
                    },
                    customer_id=step.customer_id,
                    key=key,
                ).number
            else:
                queued = sms.queue(
                    ctx, to=to, text=message["text"], key=key, customer_id=step.customer_id
                ).number
        except Refused as error:
            raise StepFailed(f"The {what} cannot be sent: {error}") from error
    step.log(f"{what.capitalize()} {queued} to {to} queued.", "ok")
