"""Mailed links on which a customer reads a contract and accepts it: they work once, for a time, and for one text only."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import col

from trunkline.auth.digest import digest, new_token
from trunkline.branding.spoken import address_for_customer
from trunkline.contracts.models import (
    Contract,
    ContractDocument,
    ContractLink,
    ContractStatus,
    DocumentKind,
)
from trunkline.contracts.terms import terms_digest
from trunkline.files.models import StoredFile
from trunkline.operation import Context
from trunkline.settings.core import CoreSettings

#: So long a link whose time is over still says what became of its contract.
TOLD_FOR = timedelta(days=90)
_OPEN = (ContractStatus.SENT, ContractStatus.ACTIVE)


@dataclass(frozen=True)
class OpenLink:
    """A link that still works, with the contract and the text that it is about."""

    link: ContractLink
    contract: Contract
    stored: StoredFile


def make(
    ctx: Context, contract: Contract, document: ContractDocument, email: str
) -> tuple[ContractLink, str]:
    """A fresh link and its secret."""
    token, now = new_token(), ctx.now()
    link = ContractLink(
        contract_id=contract.key,
        email=email,
        token_hash=digest(token),
        digest=document.digest,
        terms_digest=terms_digest(contract),
        created_at=now,
        expires_at=now + timedelta(days=ctx.settings(CoreSettings).contract_link_days),
    )
    ctx.session.add(link)
    return link, token


def address_of(ctx: Context, contract: Contract, token: str) -> str:
    """The URL that is mailed: at the host of the brand that the customer knows."""
    return address_for_customer(ctx, contract.customer_id, f"/accept-contract/{token}")


def find(ctx: Context, token: str, *, lock: bool = False) -> OpenLink | None:
    """The link of this secret; None when it is unknown, used or over, or the contract is another by now."""
    return _open(ctx, col(ContractLink.token_hash) == digest(token), lock)


def accepted_text(ctx: Context, token: str) -> StoredFile | None:
    """The text that was accepted by the link of this secret, until its time is over; None for any other."""
    return ctx.session.scalars(
        select(StoredFile)
        .join(ContractDocument, col(ContractDocument.file_id) == col(StoredFile.id))
        .join(ContractLink, col(ContractLink.contract_id) == col(ContractDocument.contract_id))
        .where(
            col(ContractLink.token_hash) == digest(token),
            col(ContractLink.used_at).is_not(None),
            col(ContractLink.expires_at) > ctx.now(),
            col(ContractDocument.digest) == col(ContractLink.digest),
        )
        .order_by(col(ContractDocument.id).desc())
        .limit(1)
    ).one_or_none()


def offer_of(ctx: Context, contract: Contract, *, lock: bool = False) -> OpenLink | None:
    """The link of a contract that still works: what the customer can accept now. None when nothing waits."""
    latest = (
        select(col(ContractLink.id))
        .where(col(ContractLink.contract_id) == contract.key)
        .order_by(col(ContractLink.id).desc())
        .limit(1)
    )
    return _open(ctx, col(ContractLink.id) == latest.scalar_subquery(), lock)


def _open(ctx: Context, condition: ColumnElement[bool], lock: bool) -> OpenLink | None:
    statement = (
        select(ContractLink, Contract, ContractDocument, StoredFile)
        .join(Contract, col(Contract.id) == col(ContractLink.contract_id))
        .join(ContractDocument, col(ContractDocument.contract_id) == col(Contract.id))
        .join(StoredFile, col(StoredFile.id) == col(ContractDocument.file_id))
        .where(condition, col(ContractDocument.kind) == DocumentKind.TEXT)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = ctx.session.execute(statement).one_or_none()
    if row is None:
        return None
    link, contract, document, stored = row
    over = link.used_at is not None or ctx.now() >= link.expires_at
    gone = contract.status not in _OPEN or contract.terminates_on is not None
    other = (link.digest, link.terms_digest) != (document.digest, terms_digest(contract))
    return None if over or gone or other else OpenLink(link, contract, stored)


def sweep(ctx: Context) -> None:
    """Forget the links whose time was over long ago."""
    ctx.session.execute(delete(ContractLink).where(col(ContractLink.expires_at) <= ctx.now() - TOLD_FOR))
