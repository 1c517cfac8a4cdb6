"""Acceptances, which make a contract active; each names the text and the terms by their digests."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import BinaryIO

from sqlmodel import col, select

from trunkline.contracts.dates import add_months
from trunkline.contracts.events import ContractAccepted
from trunkline.contracts.models import (
    AcceptedBy,
    Contract,
    ContractAcceptance,
    ContractDocument,
    ContractStatus,
    DocumentKind,
    IndexationKind,
)
from trunkline.contracts.operations.documents import keep, require_text
from trunkline.contracts.operations.drafting import load, require_no_notice, require_status, settle_end
from trunkline.contracts.schemas import AcceptContract
from trunkline.contracts.terms import day_of, terms_digest, today
from trunkline.contracts.words import ONLINE
from trunkline.customers.identity import check_tax_id_of_either
from trunkline.customers.models import Customer
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation

_OPEN = (ContractStatus.DRAFT, ContractStatus.SENT, ContractStatus.ACTIVE)


@dataclass(frozen=True)
class Scan:
    """The scan of a signed paper."""

    file: BinaryIO
    name: str


@dataclass(frozen=True)
class _Facts:
    """Who accepted, how and when; `address` is that of a request, `scan_digest` that of a signed paper."""

    accepted_by: str
    tax_id: str
    how: AcceptedBy
    at: datetime
    reference: str = ""
    address: str = ""
    recorded_by: str = ""
    scan_digest: str = ""


@operation("core.contract_acceptance.record")
def accept(
    ctx: Context,
    number: str,
    command: AcceptContract,
    scan: Scan | None = None,
    signed_file_id: int | None = None,
) -> ContractAcceptance:
    """Write down that the customer accepted the present text, which makes a contract active that was not.

    The `scan` of a paper may be a signed copy that was attached before, by its file. Raises Refused naming the field: a paper
    needs its scan, a call its protocol number; and what is over accepts nothing.
    """
    contract = load(ctx, number)
    require_status(contract, *_OPEN)
    require_no_notice(contract)
    digest = _scanned(ctx, contract, scan, signed_file_id)
    _check(ctx, command, digest)
    require_text(ctx, contract)
    facts = _Facts(
        command.accepted_by,
        command.tax_id,
        command.how,
        _moment(ctx, command),
        command.reference,
        recorded_by=ctx.actor.name,
        scan_digest=digest,
    )
    return record(ctx, contract, facts)


def _scanned(ctx: Context, contract: Contract, scan: Scan | None, signed_file_id: int | None) -> str:
    """The digest of the signed copy; empty without one."""
    if scan is not None:
        return keep(ctx, contract, scan.file, scan.name, DocumentKind.SIGNED).digest
    if signed_file_id is None:
        return ""
    signed = ctx.session.scalars(
        select(ContractDocument).where(
            col(ContractDocument.contract_id) == contract.key,
            col(ContractDocument.file_id) == signed_file_id,
            col(ContractDocument.kind) == DocumentKind.SIGNED,
        )
    ).one_or_none()
    if signed is None:
        raise Refused(
            _("Contract {number} has no such signed copy.", number=contract.number),
            field="signed_file_id",
            remedy=_("Attach it to the contract first."),
        )
    return signed.digest


def accepted_online(
    ctx: Context, contract: Contract, how: AcceptedBy, *, accepted_by: str, tax_id: str, address: str
) -> ContractAcceptance:
    """Keep what the customer accepted by themselves; part of operations."""
    return record(ctx, contract, _Facts(accepted_by, tax_id, how, ctx.now(), address=address))


def record(ctx: Context, contract: Contract, facts: _Facts) -> ContractAcceptance:
    """Keep an acceptance of the present text and begin the contract if it has not begun. Raises Refused (field `tax_id`)."""
    customer = ctx.session.get_one(Customer, contract.customer_id)
    check_tax_id_of_either(facts.tax_id, customer.country)
    document, stored = require_text(ctx, contract)
    if contract.status != ContractStatus.ACTIVE:
        _begin(ctx, contract, facts.at)
    acceptance = ContractAcceptance(
        contract_id=contract.key,
        accepted_by=facts.accepted_by,
        tax_id=facts.tax_id,
        how=facts.how.value,
        reference=facts.reference,
        address=facts.address,
        accepted_at=facts.at,
        recorded_at=ctx.now(),
        recorded_by=facts.recorded_by,
        digest=document.digest,
        terms_digest=terms_digest(contract),
        document_name=stored.name,
        scan_digest=facts.scan_digest,
    )
    ctx.session.add(acceptance)
    contract.accepted = True
    ctx.session.flush()
    ctx.note(
        contract,
        label=contract.number,
        accepted_by=facts.accepted_by,
        how=facts.how.value,
        digest=document.digest,
    )
    ctx.emit(
        ContractAccepted(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            how=facts.how.value,
            digest=document.digest,
        )
    )
    return acceptance


def _begin(ctx: Context, contract: Contract, at: datetime) -> None:
    contract.status = ContractStatus.ACTIVE.value
    if contract.starts_on is None:
        contract.starts_on = day_of(ctx, at)
    settle_end(ctx, contract)
    if contract.indexation != IndexationKind.NONE and contract.next_indexation_on is None:
        contract.next_indexation_on = add_months(contract.starts_on, 12)


def _check(ctx: Context, command: AcceptContract, scan_digest: str) -> None:
    if command.how in ONLINE:
        raise Refused(
            _("What the customer accepts online is recorded by itself."),
            field="how",
            remedy=_("Send the contract to the customer."),
        )
    if command.how == AcceptedBy.PAPER and not scan_digest:
        raise Refused(_("Attach the scan of the signed paper."), field="scan")
    if command.how == AcceptedBy.TELEPHONE and not command.reference:
        raise Refused(
            _("Say under which protocol number it was accepted."),
            field="reference",
            remedy=_("Register the contact with the customer first."),
        )
    if command.accepted_on is not None and command.accepted_on > today(ctx):
        raise Refused(_("This day has not come yet."), field="accepted_on")


def _moment(ctx: Context, command: AcceptContract) -> datetime:
    """Noon of another day than today, because only the day is known."""
    if command.accepted_on is None or command.accepted_on == today(ctx):
        return ctx.now()
    return datetime.combine(command.accepted_on, time(12), ctx.app.config.zone)
