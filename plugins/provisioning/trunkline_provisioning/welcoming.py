"""Welcoming whose new service works: by mail, and by a text message."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.branding.spoken import address_for, brand_for, language_for
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import use_locale
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import LineStep, OrderLineView
from trunkline_provisioning.schemas import WelcomeInputs
from trunkline_provisioning.settings import ProvisioningSettings

MAIL_ORDER, SMS_ORDER = 90, 91
_PLACEHOLDER = re.compile(r"\{(operator|name|product|service|number)\}")


def welcome_steps(ctx: Context, line: OrderLineView) -> Sequence[LineStep]:
    """What is said to the customer once a new service works, as the settings wish."""
    settings, inputs = ctx.settings(ProvisioningSettings), WelcomeInputs(line_id=line.id).model_dump()
    steps = []
    if settings.welcome_mail:
        changes = [_("A welcome mail goes to the customer, if there is an address")]
        steps.append(
            LineStep(MAIL_ORDER, PlannedStep("provisioning.welcome", inputs=inputs, changes=changes))
        )
    if settings.welcome_sms:
        changes = [_("A welcome text message goes to the new number, or to the customer’s phone")]
        steps.append(
            LineStep(SMS_ORDER, PlannedStep("provisioning.welcome_sms", inputs=inputs, changes=changes))
        )
    return steps


def by_mail(step: StepContext) -> Mapping[str, Any]:
    """Queue the welcome mail, in the transaction that ends the job. A customer without an address gets none."""
    from trunkline.mail import operations as mail

    ctx, line, customer, service, msisdn = _facts(step)
    if not customer.email:
        step.log(f"{customer.name} has no e-mail address, so no welcome is sent.", "warn")
        return {}
    email = mail.queue(
        ctx,
        template="provisioning/mail/welcome",
        to=customer.email,
        language=customer.language,
        context={
            "customer": {"name": customer.name, "number": customer.number},
            "product": line.product_name,
            "service": service,
            "msisdn": msisdn,
            "operator": brand_for(ctx, customer.reseller_id).name,
            "portal_url": f"{address_for(ctx, customer.reseller_id)}/portal",
        },
        customer_id=line.customer_id,
        key=f"welcome:{line.number}",
    )
    _say_queued(step, "Welcome mail", email.number, customer.email)
    return {"email": email.number}


def by_sms(step: StepContext) -> Mapping[str, Any]:
    """Queue the welcome text message: to the number that works now, else to the customer's phone; without either none."""
    from trunkline.sms import operations as sms

    ctx, line, customer, service, msisdn = _facts(step)
    to = msisdn or customer.phone
    if not to:
        step.log(f"{customer.name} has no phone, so no welcome is sent.", "warn")
        return {}
    facts = {
        "operator": brand_for(ctx, customer.reseller_id).name,
        "name": customer.name,
        "product": line.product_name,
        "service": service,
        "number": msisdn,
    }
    with use_locale(language_for(ctx, customer.language, customer.reseller_id)):
        usual = str(_("{operator}: welcome, {name}! {product} works now, service {service}."))
    wording = ctx.settings(ProvisioningSettings).welcome_sms_text or usual
    # In one go, so that a customer who is named like a placeholder stays so.
    text = _PLACEHOLDER.sub(lambda found: facts[found[1]], wording)[: sms.LONGEST]
    try:
        queued = sms.queue(
            ctx, to=to, text=text, key=f"welcome-sms:{line.number}", customer_id=line.customer_id
        )
    except Refused as refusal:
        # The service works; a number that takes no message is no reason to undo it.
        step.log(f"No welcome to {to}: {refusal}", "warn")
        return {}
    _say_queued(step, "Welcome text message", queued.number, to)
    return {"sms": queued.number}


def _say_queued(step: StepContext, what: str, number: str, to: str) -> None:
    """Its number is given to something else where the step was only tried."""
    step.log(
        f"{what} to {to} would be queued." if step.only_tried else f"{what} {number} to {to} queued.", "ok"
    )


def _facts(step: StepContext) -> tuple[Context, OrderLineView, Customer, str, str]:
    """The unit of work, the line, the customer, the service's number and its MSISDN, empty where it has none."""
    inputs: WelcomeInputs = step.inputs
    ctx = step.ctx
    line = catalog.line(ctx, inputs.line_id)
    customer = customers.by_id(ctx, line.customer_id)
    service = catalog.service_by_id(ctx, line.service_id) if line.service_id is not None else None
    if service is None:
        return ctx, line, customer, "", ""
    return ctx, line, customer, service.number, service.identifiers.get("msisdn", "")


STEP_KINDS = (
    StepKind(
        "provisioning.welcome",
        _("Welcome mail"),
        by_mail,
        inputs=WelcomeInputs,
        transactional=True,
        irreversible=True,
    ),
    StepKind(
        "provisioning.welcome_sms",
        _("Welcome text message"),
        by_sms,
        inputs=WelcomeInputs,
        transactional=True,
        irreversible=True,
    ),
)
