"""Reading attached files."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlmodel import col

from trunkline.customers.facts import CUSTOMER, Fact
from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_COUNT: Fact[int] = Fact(select(func.count()).where(col(StoredFile.customer_id) == CUSTOMER))


def list_of_customer(customer: Customer) -> Select[*tuple[Any, ...]]:
    """The columns that lists show."""
    names = ("id", "name", "note", "media_type", "size", "digest", "uploaded_by", "created_at")
    return select(*(col(getattr(StoredFile, name)).label(name) for name in names)).where(
        col(StoredFile.customer_id) == customer.key
    )


def files_of(ctx: Context, customer: Customer) -> Sequence[RowMapping]:
    """A customer's files, the latest first."""
    statement = list_of_customer(customer).order_by(
        col(StoredFile.created_at).desc(), col(StoredFile.id).desc()
    )
    return ctx.session.execute(statement).mappings().all()


def count_of(ctx: Context, customer: Customer) -> int:
    """How many files a customer has."""
    return _COUNT.of(ctx, customer.key)


def of_customer(ctx: Context, customer: Customer, file_id: int, *, lock: bool = False) -> StoredFile:
    """One file of a customer. Raises NotFound, also for a file of another customer."""
    stored = ctx.session.get(StoredFile, file_id, with_for_update=lock or None)
    if stored is None or stored.customer_id != customer.key:
        raise NotFound(_("There is no file {id} of this customer.", id=file_id))
    return stored
