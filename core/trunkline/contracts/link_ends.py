"""What is said to who opens a mailed link that accepts nothing any more: what happened, and what to do."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth.digest import digest
from trunkline.contracts import links
from trunkline.contracts.models import (
    OVER,
    Contract,
    ContractAcceptance,
    ContractDocument,
    ContractLink,
    ContractStatus,
    DocumentKind,
)
from trunkline.contracts.terms import terms_digest
from trunkline.errors import Gone, NotFound, TrunklineError
from trunkline.i18n import format_date, format_datetime
from trunkline.i18n import gettext as _
from trunkline.operation import Context


def end_of(ctx: Context, token: str) -> TrunklineError:
    """Why the link of this secret does not work: Gone with what became of its contract, NotFound for no known link."""
    link = ctx.session.scalars(
        select(ContractLink).where(col(ContractLink.token_hash) == digest(token))
    ).one_or_none()
    if link is None:
        unknown = NotFound(
            _("It is not whole, or its time was over long ago."),
            remedy=_("Open it from the mail once more, or ask us for another one."),
        )
        unknown.heading = _("This link does not work")
        return unknown
    contract = ctx.session.get_one(Contract, link.contract_id)
    if link.used_at is not None:
        return _accepted(ctx, link, token)
    if contract.status == ContractStatus.WITHDRAWN:
        return _gone(
            _("This contract was withdrawn"),
            _("It cannot be accepted any more."),
            _("Ask us if you expected it."),
        )
    if contract.status in OVER or contract.terminates_on is not None:
        return _gone(
            _("This contract ends"),
            _("It was ended, and cannot be accepted any more."),
            _("Ask us if you expected it."),
        )
    if _is_replaced(ctx, link, contract):
        return _gone(
            _("There is a newer version of this contract"),
            _("The contract was changed or sent again after this mail."),
            _("Open the link in our newest mail, or ask us for another one."),
        )
    return _gone(
        _("The time of this link is over"),
        _("The contract could be accepted until {time}.", time=format_datetime(link.expires_at)),
        _("Ask us for another one."),
    )


def _accepted(ctx: Context, link: ContractLink, token: str) -> Gone:
    """Who loads the page again, or opens the mail once more, did nothing wrong."""
    made = ctx.session.scalars(
        select(ContractAcceptance)
        .where(
            col(ContractAcceptance.contract_id) == link.contract_id,
            col(ContractAcceptance.digest) == link.digest,
        )
        .order_by(col(ContractAcceptance.id).desc())
        .limit(1)
    ).one_or_none()
    text = links.accepted_text(ctx, token)
    error = _gone(
        _("This contract was accepted already"),
        _("It was accepted by {name} on {day}.", name=made.accepted_by, day=format_date(made.accepted_at))
        if made
        else _("The contract was accepted by this link already."),
        _("There is nothing left to do.") if text else _("Ask us if you need a copy of it."),
    )
    if text is not None:
        error.see = text.name, f"/accept-contract/{token}/document"
    return error


def _is_replaced(ctx: Context, link: ContractLink, contract: Contract) -> bool:
    """Whether text or terms are others by now, or another mail went out later."""
    text = select(col(ContractDocument.digest)).where(
        col(ContractDocument.contract_id) == contract.key, col(ContractDocument.kind) == DocumentKind.TEXT
    )
    if (link.digest, link.terms_digest) != (ctx.session.scalars(text).one_or_none(), terms_digest(contract)):
        return True
    newer = select(col(ContractLink.id)).where(
        col(ContractLink.contract_id) == contract.key, col(ContractLink.id) > link.id
    )
    return ctx.session.scalars(newer.limit(1)).one_or_none() is not None


def _gone(heading: str, message: str, remedy: str) -> Gone:
    error = Gone(message, remedy=remedy)
    error.heading = heading
    return error
