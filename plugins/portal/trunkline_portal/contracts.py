"""What customers see of their contracts, and accepting one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from trunkline.contracts import links
from trunkline.contracts import operations as contracts
from trunkline.contracts import queries as agreed
from trunkline.contracts.models import (
    Contract,
    ContractAcceptance,
    ContractLink,
    ContractStatus,
    DocumentKind,
)
from trunkline.contracts.schemas import AcceptSignedIn
from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_portal.queries import own_customer

#: A draft is not the customer's yet, and what was withdrawn never began.
_SHOWN = (ContractStatus.SENT, ContractStatus.ACTIVE, ContractStatus.ENDED, ContractStatus.TERMINATED)
_PAPERS = (DocumentKind.SIGNED, DocumentKind.ANNEX)


@dataclass(frozen=True)
class Paper:
    """A document that the customer can download."""

    file_id: int
    name: str
    kind: DocumentKind
    size: int


@dataclass(frozen=True)
class OwnContract:
    """A contract with what its customer may read and whether the text waits to be accepted."""

    contract: Contract
    papers: Sequence[Paper]
    acceptances: Sequence[ContractAcceptance]
    #: What can be accepted now; None when nothing waits.
    offer: links.OpenLink | None
    #: Whether terms and text are those that were accepted.
    accepted: bool


def contracts_of(ctx: Context, customer: Customer) -> Sequence[Contract]:
    """Those of a customer that were sent or in force, the latest first."""
    return ctx.session.scalars(
        select(Contract)
        .where(col(Contract.customer_id) == customer.key, col(Contract.status).in_(_SHOWN))
        .order_by(col(Contract.id).desc())
    ).all()


def waiting(ctx: Context, customer: Customer) -> Sequence[Contract]:
    """Those that were sent and can be accepted now, the latest first."""
    open_links = select(col(ContractLink.contract_id)).where(
        col(ContractLink.used_at).is_(None), col(ContractLink.expires_at) > ctx.now()
    )
    return ctx.session.scalars(
        select(Contract)
        .where(
            col(Contract.customer_id) == customer.key,
            col(Contract.status).in_((ContractStatus.SENT, ContractStatus.ACTIVE)),
            col(Contract.terminates_on).is_(None),
            col(Contract.id).in_(open_links),
        )
        .order_by(col(Contract.id).desc())
    ).all()


def contract(ctx: Context, number: str) -> OwnContract:
    """One of the customer's own contracts. Raises NotFound for anybody else's, for drafts and what was withdrawn."""
    found = _own(ctx, number)
    acceptances, offer = agreed.acceptances_of(ctx, found), links.offer_of(ctx, found)
    # A text that replaced the accepted one is the operator's until it is sent.
    known = {one.digest for one in acceptances}
    if offer is not None:
        known.add(offer.link.digest)
    papers = [
        Paper(one.file_id, one.name, DocumentKind(one.kind), one.size)
        for one in agreed.documents_of(ctx, found)
        if one.kind in _PAPERS
        or one.digest in known
        or (one.kind == DocumentKind.TEXT and found.status == ContractStatus.SENT)
    ]
    return OwnContract(found, papers, acceptances, offer, agreed.accepted_now(ctx, found) is not None)


def paper(ctx: Context, number: str, file_id: int) -> StoredFile:
    """A document of one of the customer's own contracts. Raises NotFound for any that they are not shown."""
    own = contract(ctx, number)
    if file_id not in {one.file_id for one in own.papers}:
        raise NotFound(_("There is no such document."))
    return agreed.document(ctx, own.contract, file_id)


@operation("portal.contract_acceptance.record")
def accept(ctx: Context, number: str, command: AcceptSignedIn) -> ContractAcceptance:
    """Accept the text that was sent, as the person who is signed in.

    Raises Refused when none waits, Forbidden for somebody who works as that person.
    """
    return contracts.accept_signed_in(ctx, _own(ctx, number), command.tax_id)


def _own(ctx: Context, number: str) -> Contract:
    found = agreed.get(ctx, number)
    if found.customer_id != own_customer(ctx).key or found.status not in _SHOWN:
        raise NotFound(_("There is no contract {number}.", number=number))
    return found
