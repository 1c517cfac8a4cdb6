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
    #: The code of the reseller whose customers have them; empty for the operator's.
    reseller: str = ""
    #: Whether the reseller has a form of their own; their customers have the operator's numbers without one.
    own: bool = True


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


@rest.get("/{kind}/resellers", permission="core.settings.view")
def of_resellers(ctx: Context, kind: str) -> Listing[NumbersOut]:
    """Numbers of one kind by reseller; none of a kind that the customers of all have alike."""
    return list_of([_out(view) for view in queries.of_resellers(ctx, kind)])


@rest.patch("/{kind}/resellers/{reseller}", permission="core.numbering.edit")
def change_of_reseller(
    ctx: Context, kind: str, reseller: str, command: NumberChange, version: int | None = if_match
) -> NumbersOut:
    """Have numbers of a reseller's customers look otherwise from now on; the first time `prefix` is needed.

    They have a count of their own then. Numbers that were given stay.
    """
    return _out(operations.change(ctx, kind, command.model_copy(update={"version": version}), reseller))


def _out(view: NumberView) -> NumbersOut:
    code = view.reseller.code if view.reseller is not None else ""
    facts = {
        name: getattr(view, name) for name in NumbersOut.model_fields if name not in ("label", "reseller")
    }
    return NumbersOut(**facts, label=str(_(view.label)), reseller=code)
