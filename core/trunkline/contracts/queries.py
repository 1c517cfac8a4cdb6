"""Reading contracts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import col

from trunkline.contracts.models import Contract, ContractAcceptance, ContractDocument, ContractIndexation
from trunkline.files.models import StoredFile
from trunkline.operation import Context


def get(ctx: Context, number: str) -> Contract:
    """The visible contract with this number. Raises NotFound."""
    return ctx.load_by(Contract, Contract.number, number)


def documents_of(ctx: Context, contract: Contract) -> Sequence[Row[Any]]:
    """The files of a contract, the latest first: `file_id`, `kind`, `digest`, `name`, `size`, `created_at`, `uploaded_by`."""
    return ctx.session.execute(
        select(
            col(ContractDocument.file_id),
            col(ContractDocument.kind),
            col(ContractDocument.digest),
            col(StoredFile.name),
            col(StoredFile.size),
            col(ContractDocument.created_at),
            col(StoredFile.uploaded_by),
        )
        .join(StoredFile, col(StoredFile.id) == col(ContractDocument.file_id))
        .where(col(ContractDocument.contract_id) == contract.key)
        .order_by(col(ContractDocument.id).desc())
    ).all()


def acceptances_of(ctx: Context, contract: Contract) -> Sequence[ContractAcceptance]:
    """Every acceptance, the latest first."""
    return ctx.session.scalars(
        select(ContractAcceptance)
        .where(col(ContractAcceptance.contract_id) == contract.key)
        .order_by(col(ContractAcceptance.id).desc())
    ).all()


def indexations_of(ctx: Context, contract: Contract) -> Sequence[ContractIndexation]:
    """Every indexation, the latest first."""
    return ctx.session.scalars(
        select(ContractIndexation)
        .where(col(ContractIndexation.contract_id) == contract.key)
        .order_by(col(ContractIndexation.id).desc())
    ).all()
