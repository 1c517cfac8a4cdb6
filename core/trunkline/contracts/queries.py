"""Reading contracts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, func, select
from sqlmodel import col

from trunkline.contracts.models import (
    Contract,
    ContractAcceptance,
    ContractDocument,
    ContractIndexation,
    DocumentKind,
)
from trunkline.contracts.tables import ends_soon, indexation_due
from trunkline.contracts.terms import terms_digest
from trunkline.customers.facts import CUSTOMER, Fact
from trunkline.customers.models import Customer
from trunkline.db.prepared import Found, Prepared
from trunkline.errors import NotFound
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_ROW: tuple[Any, ...] = (
    *(
        col(getattr(Contract, name)).label(name)
        for name in (
            "id", "number", "title", "status", "accepted", "customer_id", "starts_on", "ends_on", "last_day", "renewal",
            "term_months", "indexation", "next_indexation_on", "terminates_on", "currency",
        )
    ),
    col(Customer.number).label("customer"),
    col(Customer.name).label("customer_name"),
)  # fmt: skip
_OF_CUSTOMER = Prepared(
    select(
        col(Contract.id),
        col(Contract.number),
        col(Contract.title),
        col(Contract.status),
        col(Contract.starts_on),
        col(Contract.ends_on),
        col(Contract.terminates_on),
        col(Contract.next_indexation_on),
    )
    .where(col(Contract.customer_id) == bindparam("customer_id"))
    .order_by(col(Contract.id).desc())
    .limit(bindparam("limit", type_=Integer)),
    Contract,
)
_COUNT: Fact[int] = Fact(select(func.count()).where(col(Contract.customer_id) == CUSTOMER))


def get(ctx: Context, number: str) -> Contract:
    """The visible contract with this number. Raises NotFound."""
    return ctx.load_by(Contract, Contract.number, number)


def list_contracts(ctx: Context) -> Select[*tuple[Any, ...]]:
    """Contracts that the actor may see, as lists and REST show them."""
    return (
        select(*_ROW)
        .join_from(Contract, Customer, col(Customer.id) == col(Contract.customer_id))
        .where(*ctx.visible_conditions(Contract))
    )


def select_of(ctx: Context, customer_id: int) -> Select[*tuple[Any, ...]]:
    """Those of one customer."""
    return list_contracts(ctx).where(col(Contract.customer_id) == customer_id)


def latest_of(ctx: Context, customer_id: int, limit: int) -> Sequence[Found]:
    """The contracts of a customer, the latest first."""
    return _OF_CUSTOMER.rows(ctx, customer_id=customer_id, limit=limit)


def count_of(ctx: Context, customer_id: int) -> int:
    """How many contracts a customer has or had."""
    return _COUNT.of(ctx, customer_id)


def ending(ctx: Context) -> int:
    """How many contracts in sight end within 60 days."""
    return _count(ctx, ends_soon(ctx))


def to_index(ctx: Context) -> int:
    """How many contracts in sight are to be indexed within 30 days."""
    return _count(ctx, indexation_due(ctx))


def _count(ctx: Context, condition: Any) -> int:
    statement = select(func.count()).select_from(Contract).where(condition, *ctx.visible_conditions(Contract))
    return ctx.session.scalar(statement) or 0


def document(ctx: Context, contract: Contract, file_id: int) -> StoredFile:
    """The file of one document. Raises NotFound, also for a file of another contract."""
    found = ctx.session.scalars(
        select(StoredFile)
        .join(ContractDocument, col(ContractDocument.file_id) == col(StoredFile.id))
        .where(col(ContractDocument.contract_id) == contract.key, col(StoredFile.id) == file_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no file {id} of this contract.", id=file_id))
    return found


def accepted_now(ctx: Context, contract: Contract) -> ContractAcceptance | None:
    """The acceptance of the present text and terms; None where they wait for one."""
    return ctx.session.scalars(
        select(ContractAcceptance)
        .join(ContractDocument, col(ContractDocument.contract_id) == col(ContractAcceptance.contract_id))
        .where(
            col(ContractAcceptance.contract_id) == contract.key,
            col(ContractDocument.kind) == DocumentKind.TEXT,
            col(ContractDocument.digest) == col(ContractAcceptance.digest),
            col(ContractAcceptance.terms_digest) == terms_digest(contract),
        )
        .order_by(col(ContractAcceptance.id).desc())
        .limit(1)
    ).one_or_none()


def documents_of(ctx: Context, contract: Contract) -> Sequence[Row[Any]]:
    """The files of a contract, the latest first: `file_id`, `kind`, `digest`, `printed_terms`, `name`, `size`,
    `created_at`, `uploaded_by`.
    """
    return ctx.session.execute(
        select(
            col(ContractDocument.file_id),
            col(ContractDocument.kind),
            col(ContractDocument.digest),
            col(ContractDocument.printed_terms),
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
