"""Which rows of a list a program means, said as its own address over REST says it."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.lists.declared import ListOf
from trunkline.lists.runs import MOST
from trunkline.operation import Context
from trunkline.rest.paging import whole_list
from trunkline.web import keyset
from trunkline.web.tables import Statement

_SHOWN = 5
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Selection(BaseModel):
    """Rows by their numbers or, in lists that show an `id`, by these; or all that filters leave.

    `filters` are the query parameters of the list, none means every row.

    `count` is how many rows there are to be; it must be said beside `filters`, as the list's `total` has it.
    """

    model_config = ConfigDict(extra="forbid")

    numbers: list[str] = Field(
        default=[], max_length=MOST, description="Numbers of rows, as the list has them."
    )
    ids: list[Key] = Field(default=[], max_length=MOST, description="Rows by `id`, where the list shows one.")
    filters: dict[str, str] | None = Field(
        default=None, description="Query parameters of the list: its filters, `q` and `view`."
    )
    count: int | None = Field(default=None, ge=1, description="How many rows are meant.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.numbers), bool(self.ids), self.filters is not None)) != 1:
            raise ValueError(_("Name rows by “numbers”, “ids” or “filters”."))
        if self.filters is not None and self.count is None:
            raise ValueError(_("Say beside “filters” in “count” how many rows are meant."))
        return self

    @property
    def expected(self) -> int:
        """How many rows are meant."""
        return self.count if self.count is not None else len({*self.numbers, *self.ids})


def keys_of(ctx: Context, found: ListOf, selection: Selection) -> Sequence[int]:
    """Keys of the rows that are meant and visible, one more than `MOST` at most.

    Raises Refused for a number that is not in the list, and for filters that the list does not have.
    """
    table = found.table(ctx)
    rows = whole_list(table, found.select(ctx), selection.filters or {}).order_by(None)
    identity = keyset.expression(rows, table.id_key)
    if selection.ids:
        return selection.ids
    if selection.filters is None:
        return _numbered(ctx, rows, identity, selection.numbers)
    return ctx.session.scalars(
        rows.with_only_columns(identity, maintain_column_froms=True).limit(MOST + 1)
    ).all()


def _numbered(
    ctx: Context, rows: Statement, identity: ColumnElement[int], numbers: Sequence[str]
) -> Sequence[int]:
    try:
        number = keyset.expression(rows, "number")
    except LookupError:
        raise Refused(
            _("Rows of this list have no numbers."), field="numbers", remedy=_("Choose them by filters.")
        ) from None
    wanted = rows.with_only_columns(number, identity, maintain_column_froms=True)
    keys = {row[0]: row[1] for row in ctx.session.execute(wanted.where(number.in_(set(numbers))))}
    absent = sorted(set(numbers) - set(keys))
    if absent:
        raise Refused(_("This list has no {numbers}.", numbers=", ".join(absent[:_SHOWN])), field="numbers")
    return list(keys.values())
