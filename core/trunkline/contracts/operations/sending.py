"""Sending a contract to the customer, and what the customer does with the link."""

from dataclasses import replace

from trunkline.auth.digest import digest
from trunkline.auth.impersonation.limits import in_person
from trunkline.branding.spoken import brand_for, language_for
from trunkline.contracts import links
from trunkline.contracts.events import ContractSent
from trunkline.contracts.link_ends import end_of
from trunkline.contracts.models import AcceptedBy, Contract, ContractAcceptance, ContractStatus
from trunkline.contracts.operations.accepting import accepted_online
from trunkline.contracts.operations.documents import is_outdated, keep_print, text_of
from trunkline.contracts.operations.drafting import (
    load,
    recall,
    require_no_notice,
    require_status,
    tell_changed,
)
from trunkline.contracts.queries import accepted_now
from trunkline.contracts.schemas import AcceptOnline, SendContract
from trunkline.contracts.terms import day_of
from trunkline.customers.identity import check_email
from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.mail import operations as mail
from trunkline.operation import Actor, ActorKind, Context, operation
from trunkline.settings.core import CoreSettings

_OPEN = (ContractStatus.DRAFT, ContractStatus.SENT, ContractStatus.ACTIVE)


@operation("core.contract.edit")
def adopt_print(ctx: Context, number: str) -> Contract:
    """Keep the printed contract as the text that is accepted. Raises Refused for a contract that is over."""
    contract = load(ctx, number)
    require_status(contract, *_OPEN)
    keep_print(ctx, contract)
    ctx.note(contract, label=contract.number)
    tell_changed(ctx, contract, "document")
    return contract


@operation("core.contract.issue")
def send(ctx: Context, number: str, command: SendContract) -> Contract:
    """Mail the customer a link to read the text and accept it; the printed contract where no text is attached.
    A print of terms that changed since is printed anew.

    Links that were sent before stop working. Raises Refused (field `email`) without an address, and for what is accepted already.
    """
    contract = load(ctx, number)
    require_status(contract, *_OPEN)
    require_no_notice(contract)
    if accepted_now(ctx, contract) is not None:
        raise Refused(
            _("Contract {number} is accepted as it is.", number=contract.number),
            remedy=_("Another text or other terms can be sent."),
        )
    recall(ctx, contract)
    document = text_of(ctx, contract)
    if document is None or is_outdated(contract, document.printed_terms):
        document = keep_print(ctx, contract)
    customer = ctx.session.get_one(Customer, contract.customer_id)
    email = check_email(command.email or customer.email, field="email")
    link, token = links.make(ctx, contract, document, email)
    if contract.status == ContractStatus.DRAFT:
        contract.status = ContractStatus.SENT.value
    _mail(ctx, contract, customer, token, link.email)
    ctx.note(contract, label=contract.number, sent_to=link.email)
    ctx.session.flush()
    ctx.emit(
        ContractSent(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            expires_on=day_of(ctx, link.expires_at),
        )
    )
    return contract


def _mail(ctx: Context, contract: Contract, customer: Customer, token: str, email: str) -> None:
    if not email:
        raise Refused(
            _("{name} has no e-mail address.", name=customer.name),
            field="email",
            remedy=_("Write one, or record the acceptance on paper or by telephone."),
        )
    mail.queue(
        ctx,
        template="core/mail/contract_sent",
        to=email,
        language=language_for(ctx, customer.language, customer.reseller_id),
        context={
            "name": customer.name,
            "operator": brand_for(ctx, customer.reseller_id).name,
            "number": contract.number,
            "title": contract.title,
            "link": links.address_of(ctx, contract, token),
            "days": ctx.settings(CoreSettings).contract_link_days,
        },
        customer_id=customer.key,
        key=f"contract:{digest(token)}",
        secrets=(token,),
    )


def accept_by_link(ctx: Context, token: str, command: AcceptOnline, address: str) -> ContractAcceptance:
    """Accept the text that a link was sent for, as whoever holds it, from a network address. Needs no permission.

    Raises Gone or NotFound, saying why, when the link does not work any more.
    """
    found = links.find(ctx, token, lock=True)
    if found is None:
        raise end_of(ctx, token)
    before = ctx.actor
    # Whoever is signed in at this browser, it is the holder of the link who accepts.
    ctx.actor = replace(
        Actor(ActorKind.PORTAL, None, command.accepted_by), address=address, language=before.language
    )
    try:
        with ctx.run("core.contract_acceptance.record"):
            return _accepted(ctx, found, AcceptedBy.LINK, command.tax_id)
    finally:
        ctx.actor = before


def accept_signed_in(ctx: Context, contract: Contract, tax_id: str) -> ContractAcceptance:
    """Accept the text that the customer was sent, as the portal user who acts; the mailed link is used up by that, too.

    Part of operations. Raises Refused when no text waits to be accepted, Forbidden for who works as that user.
    """
    in_person(ctx)
    found = links.offer_of(ctx, contract, lock=True)
    if found is None:
        raise Refused(
            _("Contract {number} does not wait to be accepted.", number=contract.number),
            remedy=_("Ask us to send it to you again."),
        )
    return _accepted(ctx, found, AcceptedBy.PORTAL, tax_id)


def _accepted(ctx: Context, found: links.OpenLink, how: AcceptedBy, tax_id: str) -> ContractAcceptance:
    found.link.used_at = ctx.now()
    who, address = ctx.actor.name, ctx.actor.address
    return accepted_online(ctx, found.contract, how, accepted_by=who, tax_id=tax_id, address=address)
