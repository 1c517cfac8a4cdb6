"""What numbers look like, and which comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.customers.models import Reseller
from trunkline.db.numbers import Counter, Kind, Restart, Shape, kinds, row_of, series_of, shape_with
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context

SHOWN = 8
#: Between a row and what its numbers began with once, in the name of a row that remembers it.
FORMER = "!"


@dataclass(frozen=True)
class NumberView:
    """Numbers of one kind. `last` is the last count that was given (of the day, month or year where each has its own), or 0."""

    kind: str
    label: str
    shape: Shape
    declared: Shape
    last: int
    gapless: bool
    version: int
    day: date
    #: The reseller whose customers have them; None for the operator's.
    reseller: Reseller | None = None
    #: Whether the reseller has a form of their own; without one their customers have the operator's numbers.
    own: bool = True

    @property
    def series(self) -> str:
        """The row that holds their form."""
        return series_of(self.kind, self.reseller.key if self.reseller is not None else None)

    @property
    def next_number(self) -> str:
        return self.shape.write(self.last + 1, self.day)

    @property
    def after_next(self) -> str:
        return self.shape.write(self.last + 2, self.day)

    @property
    def first_of_next(self) -> str:
        """The first number of the next year or month, where each has a count of its own."""
        year, month = (self.day.year + 1, 1) if self.restart is Restart.YEAR else _month_after(self.day)
        return self.shape.write(1, date(year, month, 1))

    @property
    def prefix(self) -> str:
        return self.shape.prefix

    @property
    def width(self) -> int:
        return self.shape.width

    @property
    def with_year(self) -> bool:
        return self.shape.with_year

    @property
    def by_day(self) -> bool:
        return self.shape.by_day

    @property
    def restart(self) -> Restart:
        return self.shape.restart

    @property
    def next_value(self) -> int:
        return self.last + 1

    @property
    def changed(self) -> bool:
        return self.shape != self.declared


def _month_after(day: date) -> tuple[int, int]:
    return (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)


@dataclass(frozen=True)
class NumberingChange:
    """One change of a kind's numbers; `what` are (field, change in words)."""

    at: datetime
    actor: str
    what: Sequence[tuple[str, str]]


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises NotFound."""
    found = next((kind for kind in kinds() if kind.name == name), None)
    if found is None:
        raise NotFound(_("There are no numbers of “{kind}”.", kind=name))
    return found


def numbering(ctx: Context) -> list[NumberView]:
    """Every kind, by its name for people."""
    day = _today(ctx)
    own = _rows(ctx, [kind.name for kind in kinds()])
    shapes = {kind.name: _shape(kind, own.get(kind.name)) for kind in kinds()}
    counted = _rows(ctx, [row_of(name, shape, day) for name, shape in shapes.items()])
    found = [
        _view(
            kind,
            shapes[kind.name],
            own.get(kind.name),
            counted.get(row_of(kind.name, shapes[kind.name], day)),
            day,
        )
        for kind in kinds()
    ]
    return sorted(found, key=lambda view: str(_(view.label)).casefold())


def numbers_of(ctx: Context, name: str, reseller_code: str = "") -> NumberView:
    """One kind, of a reseller's customers if a code is given. Raises NotFound."""
    kind, day = kind_of(name), _today(ctx)
    if reseller_code:
        found = next((one for one in of_resellers(ctx, name) if one.reseller.code == reseller_code), None)  # type: ignore[union-attr]  # each has one
        if found is None:
            raise NotFound(_("There is no reseller “{code}” with such numbers.", code=reseller_code))
        return found
    own = _rows(ctx, [name]).get(name)
    shape = _shape(kind, own)
    row = row_of(name, shape, day)
    return _view(kind, shape, own, _rows(ctx, [row]).get(row), day)


def of_resellers(ctx: Context, name: str) -> list[NumberView]:
    """One kind's numbers for the customers of each reseller in sight; none of a kind that all have alike. Raises NotFound."""
    kind, operators = kind_of(name), numbers_of(ctx, name)
    if not kind.by_reseller:
        return []
    scope = ctx.actor.scope
    statement = select(Reseller).order_by(col(Reseller.name))
    if scope.is_limited:
        statement = statement.where(col(Reseller.id) == scope.reseller_id)
    resellers = ctx.session.scalars(statement).all()
    rows = _rows(ctx, [series_of(name, one.key) for one in resellers])
    found = []
    for one in resellers:
        series = series_of(name, one.key)
        row = rows.get(series)
        if row is None or row.prefix is None:
            found.append(replace(operators, last=0, version=0, reseller=one, own=False))
            continue
        shape = _shape(kind, row)
        last = count_under(ctx, series, shape, operators.day)
        found.append(replace(operators, shape=shape, last=last, version=row.shape_version or 0, reseller=one))
    return found


def prefixes(ctx: Context, kind: str) -> list[tuple[str, str, str]]:
    """What numbers begin with: (row of the form, name of the kind, prefix); of `kind` also what they began with once."""
    labels = {one.name: one.label for one in kinds()}
    found = [(one.name, one.label, one.shape.prefix) for one in kinds()]
    name, prefix = col(Counter.kind), col(Counter.prefix)
    statement = select(name, prefix).where(or_(prefix.is_not(None), name.contains(FORMER)))
    for row, now in ctx.session.execute(statement):
        series, _sign, former = row.partition(FORMER)
        of = series.partition("@")[0]
        if of in labels and (of == kind or not former):
            found.append((series, labels[of], former or now))
    return found


def count_under(ctx: Context, series: str, shape: Shape, day: date) -> int:
    """The last count that numbers of this shape got, in the year or month of `day` where each has its own; 0 for none."""
    row = row_of(series, shape, day)
    found = _rows(ctx, [row]).get(row)
    return found.last if found else 0


def _today(ctx: Context) -> date:
    return ctx.now().astimezone(ctx.app.config.zone).date()


def _rows(ctx: Context, names: Sequence[str]) -> dict[str, Counter]:
    return {row.kind: row for row in ctx.session.scalars(select(Counter).where(col(Counter.kind).in_(names)))}


def _shape(kind: Kind, own: Counter | None) -> Shape:
    return shape_with(kind.shape, own.prefix, own.width, own.with_year, own.restart) if own else kind.shape


def _view(kind: Kind, shape: Shape, own: Counter | None, counted: Counter | None, day: date) -> NumberView:
    return NumberView(
        kind.name,
        kind.label,
        shape,
        kind.shape,
        counted.last if counted else 0,
        kind.gapless,
        (own.shape_version or 0) if own else 0,
        day,
    )


def history(ctx: Context, kind: str, reseller_code: str = "") -> list[NumberingChange]:
    """The latest changes of one kind's numbers, the operator's or a reseller's, newest first."""
    rows = ctx.session.execute(
        select(col(ActivityEntry.at), col(ActivityEntry.actor), col(ActivityEntry.details))
        .where(col(ActivityEntry.operation) == "core.numbering.edit")
        .order_by(col(ActivityEntry.at).desc(), col(ActivityEntry.id).desc())
        .limit(200)
    ).all()
    words = {"number": _("Next number"), "next_value": _("Go on with")}
    wanted = (kind, reseller_code)
    of_kind = [
        row for row in rows if ((row.details or {}).get("kind"), row.details.get("reseller", "")) == wanted
    ]
    return [
        NumberingChange(
            row.at,
            row.actor,
            [(str(words.get(name, name)), how) for name, how in row.details.get("numbers", {}).items()],
        )
        for row in of_kind[:SHOWN]
    ]
