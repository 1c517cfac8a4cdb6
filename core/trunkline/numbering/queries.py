"""What numbers look like, and which comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.db.numbers import Counter, Kind, Shape, kinds, shape_with
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context

SHOWN = 8


@dataclass(frozen=True)
class NumberView:
    """Numbers of one kind. `last` is the last count that was given (of today, where each day has its own), 0 for none."""

    kind: str
    label: str
    shape: Shape
    declared: Shape
    last: int
    gapless: bool
    version: int
    day: date

    @property
    def next_number(self) -> str:
        return self.shape.write(self.last + 1, self.day)

    @property
    def after_next(self) -> str:
        return self.shape.write(self.last + 2, self.day)

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
    def next_value(self) -> int:
        return self.last + 1

    @property
    def changed(self) -> bool:
        return self.shape != self.declared


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
    day = ctx.now().astimezone(ctx.app.config.zone).date()
    rows = {
        row.kind: row for row in ctx.session.scalars(select(Counter).where(col(Counter.kind).in_(_rows(day))))
    }
    found = [_view(kind, rows, day) for kind in kinds()]
    return sorted(found, key=lambda view: str(_(view.label)).casefold())


def numbers_of(ctx: Context, name: str) -> NumberView:
    """One kind. Raises NotFound."""
    kind_of(name)
    return next(view for view in numbering(ctx) if view.kind == name)


def _rows(day: date) -> list[str]:
    names = [kind.name for kind in kinds()]
    return [*names, *(f"{kind.name}:{day:%Y%m%d}" for kind in kinds() if kind.shape.by_day)]


def _view(kind: Kind, rows: dict[str, Counter], day: date) -> NumberView:
    own = rows.get(kind.name)
    counts = rows.get(f"{kind.name}:{day:%Y%m%d}") if kind.shape.by_day else own
    shape = shape_with(kind.shape, own.prefix, own.width, own.with_year) if own else kind.shape
    return NumberView(
        kind.name,
        kind.label,
        shape,
        kind.shape,
        counts.last if counts else 0,
        kind.gapless,
        (own.shape_version or 0) if own else 0,
        day,
    )


def history(ctx: Context, kind: str) -> list[NumberingChange]:
    """The latest changes of one kind's numbers, newest first."""
    rows = ctx.session.execute(
        select(col(ActivityEntry.at), col(ActivityEntry.actor), col(ActivityEntry.details))
        .where(col(ActivityEntry.operation) == "core.numbering.edit")
        .order_by(col(ActivityEntry.at).desc(), col(ActivityEntry.id).desc())
        .limit(200)
    ).all()
    words = {"number": _("Next number"), "next_value": _("Go on with")}
    of_kind = [row for row in rows if (row.details or {}).get("kind") == kind]
    return [
        NumberingChange(
            row.at,
            row.actor,
            [(str(words.get(name, name)), how) for name, how in row.details.get("numbers", {}).items()],
        )
        for row in of_kind[:SHOWN]
    ]
