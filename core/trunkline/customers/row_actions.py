"""What may be done to many customers at once, and how their list is declared."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import col, select

from trunkline.customers import assignment, belongings, operations, queries
from trunkline.customers.models import CustomerStatus, CustomerTag
from trunkline.customers.schemas import AssignCustomer, SetStatus, TagData
from trunkline.customers.schemas.texts import text
from trunkline.customers.tables import customers_table
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf, RowAction
from trunkline.operation import Context

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class TagRows(BaseModel):
    """The tag to put on."""

    model_config = ConfigDict(extra="forbid")

    text: _Text = Field(title=_("Tag"))
    colour: str = Field(
        default="blue", title=_("Colour"), json_schema_extra=TagData.model_fields["colour"].json_schema_extra
    )


class UntagRows(BaseModel):
    """The tag to take off."""

    model_config = ConfigDict(extra="forbid")

    text: _Text = Field(title=_("Tag"))


class AssignRows(BaseModel):
    """The colleague who shall look after them, by key; none for nobody."""

    model_config = ConfigDict(extra="forbid")

    user_id: int | None = Field(
        default=None,
        title=_("Looked after by"),
        json_schema_extra={"widget": "select", "blank": _("Nobody")},
    )


class SuspendRows(BaseModel):
    """Why; the activity log keeps it."""

    model_config = ConfigDict(extra="forbid")

    reason: _Reason = Field(title=_("Reason"))


class NoteRows(BaseModel):
    """Why, if anybody wants to say; the activity log keeps it."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, text(300)] = Field(default="", title=_("Reason"))


def _tag(ctx: Context, key: int, command: TagRows) -> None:
    if _tag_of(ctx, key, command.text) is None:
        wanted = TagData.model_validate({"text": command.text, "colour": command.colour})
        belongings.add_tag(ctx, queries.by_id(ctx, key).number, wanted)


def _untag(ctx: Context, key: int, command: UntagRows) -> None:
    found = _tag_of(ctx, key, command.text)
    if found is not None:
        belongings.remove_tag(ctx, queries.by_id(ctx, key).number, found)


def _tag_of(ctx: Context, key: int, text: str) -> int | None:
    return ctx.session.scalars(
        select(CustomerTag.id).where(col(CustomerTag.customer_id) == key, col(CustomerTag.text) == text)
    ).one_or_none()


def _assign(ctx: Context, key: int, command: AssignRows) -> None:
    assignment.assign(ctx, queries.by_id(ctx, key).number, AssignCustomer(user_id=command.user_id))


def _becomes(status: CustomerStatus) -> Callable[[Context, int, SuspendRows | NoteRows], None]:
    def change(ctx: Context, key: int, command: SuspendRows | NoteRows) -> None:
        wanted = SetStatus(status=status, reason=command.reason)
        operations.set_status(ctx, queries.by_id(ctx, key).number, wanted)

    return change


def _archive(ctx: Context, key: int, command: NoteRows) -> None:
    operations.archive(ctx, queries.by_id(ctx, key).number, command.reason)


def _tags(ctx: Context) -> Mapping[str, Any]:
    return {"text": [(text, text) for text in queries.tag_texts(ctx)]}


ROW_ACTIONS = (
    RowAction(
        "core.customer_tag",
        "customers",
        _("Tag"),
        "core.customer.edit",
        _tag,
        TagRows,
        icon="tag",
        effect=_("Customers who have the tag already keep it as it is."),
        order=10,
    ),
    RowAction(
        "core.customer_untag",
        "customers",
        _("Take tag off"),
        "core.customer.edit",
        _untag,
        UntagRows,
        choices=_tags,
        icon="tags",
        effect=_("Customers without the tag stay as they are."),
        order=20,
    ),
    RowAction(
        "core.customer_assign",
        "customers",
        _("Assign"),
        "core.customer.assign",
        _assign,
        AssignRows,
        choices=lambda ctx: {"user_id": assignment.colleagues(ctx)},
        icon="user-check",
        order=30,
    ),
    RowAction(
        "core.customer_suspend",
        "customers",
        _("Suspend"),
        "core.customer.edit",
        _becomes(CustomerStatus.SUSPENDED),
        SuspendRows,
        icon="player-pause",
        tone="danger",
        effect=_("Plugins may refuse single customers; those are listed with the reason."),
        order=40,
    ),
    RowAction(
        "core.customer_activate",
        "customers",
        _("Activate"),
        "core.customer.edit",
        _becomes(CustomerStatus.ACTIVE),
        NoteRows,
        icon="player-play",
        effect=_("Customers who are active already stay as they are; archived ones must be restored first."),
        order=35,
    ),
    RowAction(
        "core.customer_close",
        "customers",
        _("Close"),
        "core.customer.edit",
        _becomes(CustomerStatus.CLOSED),
        SuspendRows,
        icon="ban",
        tone="danger",
        effect=_(
            "Everything stays readable. Customers with services that run are not closed, and listed with the reason."
        ),
        order=80,
    ),
    RowAction(
        "core.customer_archive",
        "customers",
        _("Archive"),
        "core.customer.archive",
        _archive,
        NoteRows,
        icon="archive",
        tone="danger",
        effect=_(
            "Customers leave every list and the search until they are restored. Only closed and pending ones can."
        ),
        order=90,
    ),
)
LISTS = (
    ListOf(
        "customers",
        "/customers",
        "core.customer.list",
        customers_table,
        queries.list_customers,
        export="core.customer.export",
    ),
)
