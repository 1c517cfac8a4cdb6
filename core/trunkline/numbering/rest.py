"""REST: what numbers look like."""

from pydantic import BaseModel, ConfigDict

from trunkline.db.numbers import Restart
from trunkline.i18n import gettext as _
from trunkline.numbering import operations, queries
from trunkline.numbering.queries import NumberView
from trunkline.numbering.schemas import NumberChange
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, list_of
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/settings/numbering", "settings")


class NumbersOut(BaseModel):
    """Numbers of one kind. `next_number` is what comes next, `next_value` its count."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    label: str
    prefix: str
    width: int
    with_year: bool
    #: Whether numbers hold their day and are counted anew each day.
    by_day: bool
    #: When the count begins anew; numbers hold the year or the month then.
    restart: Restart
    #: Whether each count has to be there, as tax offices want of invoices.
    gapless: bool
    next_value: int
    next_number: str
    version: int


@rest.get("", permission="core.settings.view")
def numbering(ctx: Context) -> Listing[NumbersOut]:
    """Every kind of numbers."""
    return list_of([_out(view) for view in queries.numbering(ctx)])


@rest.get("/{kind}", permission="core.settings.view")
def numbers(ctx: Context, kind: str) -> NumbersOut:
    """Numbers of one kind."""
    return _out(queries.numbers_of(ctx, kind))


@rest.patch("/{kind}", permission="core.numbering.edit")
def change(ctx: Context, kind: str, command: NumberChange, version: int | None = if_match) -> NumbersOut:
    """Have numbers of a kind look otherwise from now on, or go on with a higher count. Numbers that were given stay."""
    return _out(operations.change(ctx, kind, command.model_copy(update={"version": version})))


def _out(view: NumberView) -> NumbersOut:
    return NumbersOut.model_validate(view).model_copy(update={"label": str(_(view.label))})
