"""What becomes of contracts when a person is erased: text and acceptance stay as proof until the retention is over."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import col

from trunkline.contracts.models import (
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


def _of_contracts(model: Any) -> Callable[[Person], ColumnElement[bool]]:
    theirs = of_customer(Contract)
    return lambda person: col(model.contract_id).in_(select(col(Contract.id)).where(theirs(person)))


def _documents(person: Person) -> ColumnElement[bool]:
    """Files that are the text of a contract, a signed copy of it, or an annex."""
    return and_(of_customer(StoredFile)(person), col(StoredFile.kind) == FILE_KIND)


def _discard(ctx: Context, person: Person) -> int:
    digests = ctx.session.scalars(select(col(StoredFile.digest)).where(_documents(person))).all()
    discard_later(ctx, digests)
    return len(digests)


def _number_of_contract(person: Person, table: Any) -> Any:
    """What a document is called from then on; its note is the contract's number."""
    return table.c.note


CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(ContractLink, "", _of_contracts(ContractLink)),
    ErasedRows(
        StoredFile, "", _documents, {"name": _number_of_contract, "uploaded_by": unless_theirs("uploaded_by")}
    ),
    ErasedOtherwise("contract files", "", Fate.KEPT, lambda ctx, person: 0, _discard),
    ErasedRows(
        ContractDocument,
        "",
        _of_contracts(ContractDocument),
        ground=_PROOF,
        dated=col(ContractDocument.created_at),
    ),
    ErasedRows(
        StoredFile,
        _("Documents of contracts"),
        _documents,
        ground=_PROOF,
        dated=col(StoredFile.created_at),
    ),
    ErasedRows(
        ContractAcceptance,
        _("Acceptances of contracts"),
        _of_contracts(ContractAcceptance),
        ground=_PROOF,
        dated=col(ContractAcceptance.accepted_at),
    ),
    ErasedRows(
        Contract,
        _("Contracts"),
        of_customer(Contract),
        {"title": "", "termination_reason": ""},
        ground=_PROOF,
        dated=col(Contract.updated_at),
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
