"""What becomes of contracts when a person is erased: text and acceptance stay as proof until the retention is over.

A draft, and an offer that was withdrawn, prove nothing, since nobody accepted them: they go with the person.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, select
from sqlmodel import col

from trunkline.contracts.models import (
    OVER,
    Contract,
    ContractAcceptance,
    ContractDocument,
    ContractLink,
    ContractStatus,
)
from trunkline.contracts.operations.documents import FILE_KIND
from trunkline.customers.erasing.parts import (
    Erased,
    ErasedOtherwise,
    ErasedRows,
    Fate,
    Hindrance,
    Person,
    of_customer,
    unless_theirs,
)
from trunkline.files.models import StoredFile
from trunkline.files.operations import discard_later
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_PROOF = _("Proof of what was agreed")
Wanted = Callable[[Person], ColumnElement[bool]]


#: What began with an acceptance, whether or not that is recorded here.
_BEGUN = (ContractStatus.ACTIVE, *OVER)


def _offered(person: Person) -> ColumnElement[bool]:
    """Contracts that nobody ever accepted."""
    accepted = col(Contract.id).in_(select(col(ContractAcceptance.contract_id)))
    return and_(of_customer(Contract)(person), col(Contract.status).not_in(_BEGUN), not_(accepted))


def _agreed(person: Person) -> ColumnElement[bool]:
    """The others."""
    return and_(of_customer(Contract)(person), not_(_offered(person)))


def _of_contracts(model: Any, which: Wanted) -> Wanted:
    return lambda person: col(model.contract_id).in_(select(col(Contract.id)).where(which(person)))


def _documents(person: Person) -> ColumnElement[bool]:
    """Files that are the text of a contract, a signed copy of it, or an annex."""
    return and_(of_customer(StoredFile)(person), col(StoredFile.kind) == FILE_KIND)


def _of_offers(person: Person) -> ColumnElement[bool]:
    """A document's note is the contract's number."""
    numbers = select(col(Contract.number)).where(_offered(person))
    return and_(_documents(person), col(StoredFile.note).in_(numbers))


def _of_agreements(person: Person) -> ColumnElement[bool]:
    return and_(_documents(person), not_(_of_offers(person)))


def _discard(which: Wanted) -> Callable[[Context, Person], int]:
    def discard(ctx: Context, person: Person) -> int:
        digests = ctx.session.scalars(select(col(StoredFile.digest)).where(which(person))).all()
        discard_later(ctx, digests)
        return len(digests)

    return discard


def _number_of_contract(person: Person, table: Any) -> Any:
    """What a document is called from then on; its note is the contract's number."""
    return table.c.note


CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(ContractLink, "", _of_contracts(ContractLink, of_customer(Contract))),
    ErasedRows(
        StoredFile, "", _documents, {"name": _number_of_contract, "uploaded_by": unless_theirs("uploaded_by")}
    ),
    ErasedOtherwise(
        "files of contracts that nobody accepted",
        "",
        Fate.DELETED,
        lambda ctx, person: 0,
        _discard(_of_offers),
    ),
    ErasedRows(ContractDocument, "", _of_contracts(ContractDocument, _offered)),
    ErasedRows(StoredFile, _("Documents of contracts"), _of_offers),
    ErasedRows(
        Contract, _("Contracts that nobody accepted"), _offered, {"title": "", "termination_reason": ""}
    ),
    ErasedOtherwise("contract files", "", Fate.KEPT, lambda ctx, person: 0, _discard(_of_agreements)),
    ErasedRows(
        ContractDocument,
        "",
        _of_contracts(ContractDocument, _agreed),
        ground=_PROOF,
        dated=col(ContractDocument.created_at),
    ),
    ErasedRows(
        StoredFile,
        _("Documents of contracts"),
        _of_agreements,
        ground=_PROOF,
        dated=col(StoredFile.created_at),
    ),
    ErasedRows(
        Contract,
        _("Contracts"),
        _agreed,
        {"title": "", "termination_reason": ""},
        ground=_PROOF,
        dated=col(Contract.updated_at),
    ),
    # Last: by them is known which contracts were agreed.
    ErasedRows(
        ContractAcceptance,
        _("Acceptances of contracts"),
        _of_contracts(ContractAcceptance, of_customer(Contract)),
        ground=_PROOF,
        dated=col(ContractAcceptance.accepted_at),
    ),
)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Contracts that are in force, or wait for an acceptance."""
    contract = ctx.session.scalars(
        select(Contract)
        .where(
            of_customer(Contract)(person),
            col(Contract.status).in_((ContractStatus.ACTIVE, ContractStatus.SENT)),
        )
        .order_by(col(Contract.id))
    ).first()
    if contract is None:
        return []
    return [
        Hindrance(
            str(_("Contract {number} is in force or waits to be accepted.", number=contract.number)),
            str(_("Terminate or withdraw it first.")),
            f"/contracts/{contract.number}",
        )
    ]
