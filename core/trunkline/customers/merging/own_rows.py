"""The trunk's own tables with rows of customers."""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, select

from trunkline.approvals.models import Approval
from trunkline.auth.models import User
from trunkline.contracts.models import Contract
from trunkline.customers.erasing.models import CustomerErasure
from trunkline.customers.merging.rows import CustomerRows
from trunkline.customers.models import Contact, Customer, CustomerAttribute, CustomerTag, Site
from trunkline.files.models import StoredFile
from trunkline.i18n import gettext as _
from trunkline.interactions.models import Interaction
from trunkline.jobs.models import Job
from trunkline.mail.models import Email
from trunkline.operation import Context
from trunkline.sms.models import Sms


def _alike(model: Any, name: str) -> Any:
    """Rows that the other customer has already, by the column `name`."""

    def stays(ctx: Context, source: int, target: int) -> Collection[int]:
        column = getattr(model, name)
        had = select(column).where(model.customer_id == target)
        return list(ctx.session.scalars(select(model.id).where(model.customer_id == source, column.in_(had))))

    return stays


def _stones(ctx: Context, source: int, target: int) -> Collection[int]:
    """Who was erased stays erased, and is merged with nobody."""
    return list(
        ctx.session.scalars(select(CustomerErasure.id).where(col(CustomerErasure.customer_id) == source))
    )


def _but_itself(ctx: Context, source: int, target: int) -> Collection[int]:
    """The one that stays does not become its own branch."""
    return list(
        ctx.session.scalars(
            select(Customer.id).where(col(Customer.id) == target, col(Customer.parent_id) == source)
        )
    )


CUSTOMER_ROWS = (
    CustomerRows(Contact, _("Contacts")),
    CustomerRows(Site, _("Sites")),
    CustomerRows(CustomerTag, _("Tags"), stays=_alike(CustomerTag, "text")),
    CustomerRows(CustomerAttribute, _("Attributes"), stays=_alike(CustomerAttribute, "name")),
    CustomerRows(User, _("Portal users")),
    CustomerRows(Interaction, _("Interactions")),
    CustomerRows(Contract, _("Contracts")),
    CustomerRows(StoredFile, _("Files")),
    CustomerRows(Email, _("E-mails")),
    CustomerRows(Sms, _("Text messages")),
    CustomerRows(Job, _("Jobs")),
    CustomerRows(Approval, _("Approvals")),
    CustomerRows(CustomerErasure, "", stays=_stones),
    CustomerRows(Customer, _("Branches"), column="parent_id", stays=_but_itself),
    CustomerRows(Customer, _("Customers merged before"), column="merged_into_id"),
)
