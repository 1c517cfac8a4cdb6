"""How one page of a list is read so that nobody waits longer at a million rows than at ten thousand.

What matches is counted as far as `COUNT_LIMIT`. As many or fewer are found first and put in order then; more are met soon by
walking the sort's index. Where they are not, because the filter leaves none of what the sort has in front, and where a search
finds more than can be put in order in time, the page shows those that were found first, and says so.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    ScalarSelect,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from trunkline.db.alike import likeness, rows_alike
from trunkline.db.engine import ReadingSession
from trunkline.db.haste import within
from trunkline.web import keyset
from trunkline.web.table_columns import plain_cursor
from trunkline.web.table_counts import remember_few, remember_too_many, were_few, were_too_many
from trunkline.web.table_params import COUNT_LIMIT
from trunkline.web.table_plan import (
    at_most,
    chosen_elsewhere,
    conditions_of,
    exclude_each_other,
    froms_of,
    leads,
    lean,
    led_by,
    on_row,
    same,
    together,
)
from trunkline.web.table_search import among

if TYPE_CHECKING:
    from trunkline.web.tables import Tab, Table

#: Seconds for walking an index, and for looking words up.
_PATIENCE = 0.016
#: A search that finds more rows is one to be typed on: only as many are put in order.
SOUGHT = 1_000
#: Of rows that no walk meets in time so many are put in order: a page and what shows that there are more.
_MET = 60
#: Written out: a select is like another only where its values come from what it is made of.
_COMMA: Any = literal_column("','", String)
#: Rows of another table that are gathered to find some of the list's own.
_GATHERED = COUNT_LIMIT * 3 // 2
#: As many where that is a last resort.
_LOOKED_THROUGH = COUNT_LIMIT // 2


@dataclass(frozen=True)
class Read:
    """A page, how many rows match in all, and whether only some of them were put in order."""

    page: keyset.Page
    total: int
    partial: bool = False


def count_capped(session: Session, statement: "Select[Any]", id_key: str) -> int:
    """How many rows there are; counting stops one beyond `COUNT_LIMIT`. What was that many a moment ago is not counted again."""

    def counting() -> "Select[Any]":
        capped = lean(statement, keyset.expression(statement, id_key)).limit(COUNT_LIMIT + 1)
        return select(func.count().label("count")).select_from(capped.subquery())

    if not isinstance(session, ReadingSession):
        # Who writes may have changed what is counted.
        return int(rows_alike(session, statement, ("count", id_key, COUNT_LIMIT), counting)[0]["count"])
    told = _told(session, statement, id_key)
    if were_too_many(*told):
        return COUNT_LIMIT + 1
    (row,) = rows_alike(session, statement, ("count", id_key, COUNT_LIMIT), counting)
    if row["count"] > COUNT_LIMIT:
        remember_too_many(*told)
    return int(row["count"])


def _told(session: Session, statement: "Select[Any]", id_key: str) -> "tuple[Engine, Hashable]":
    """In which database what is counted, as it is remembered."""
    known = likeness(statement)
    counted = None if known is None else (known, id_key, COUNT_LIMIT)
    return session.connection().engine, counted


def count_beside(matching: "Select[Any]", most: int | None = None) -> "ScalarSelect[int]":
    """How many rows of another table belong to each row, for a column of kind `count`; counting stops as it does for lists.

    `matching` selects the key of that table and is correlated with the list's own. Where a list has many such rows with many
    rows each, `most` makes it stop sooner.
    """
    capped = matching.limit((COUNT_LIMIT if most is None else most) + 1).subquery()
    return select(func.count()).select_from(capped).scalar_subquery()


def _found_first(page: keyset.Page, most: int, *, whole: bool) -> Read:
    """What a look for `most` rows and one more has found: all there is where it is no more and all was looked through."""
    if whole and page.total is not None and page.total <= most:
        return Read(page, page.total)
    return Read(page, COUNT_LIMIT + 1, partial=True)


@dataclass(frozen=True)
class Reader:
    """Reads one page of a list as its parameters say."""

    table: "Table"
    session: Session
    statement: "Select[Any]"
    params: Mapping[str, str]

    def __post_init__(self) -> None:
        # Asked of the whole, it is known of every part that is counted.
        froms_of(self.statement)

    def read(self, sort: str, limit: int) -> Read:
        """The page, found in the way that suits how many rows match."""
        query = self.params.get("q", "").strip()
        if query and self.table.along_indexes:
            return self._searched(query, sort, limit)
        narrowing = self.table.narrowing(self.statement, self.params)
        if query and self.table.searches:
            # One condition however many words: each is looked for by reading rows, and that once.
            narrowing.append(and_(*self.table.matches(self.statement, query)))
        if len(narrowing) > 1 or any(map(chosen_elsewhere, narrowing)):
            return self._led(narrowing, sort, limit)
        matching = self.statement.where(*narrowing)
        return self._counted(matching, self._count(matching), sort, limit)

    def _led(self, narrowing: "list[ColumnElement[Any]]", sort: str, limit: int) -> Read:
        """Led by the condition that leaves fewest rows. SQLite, which knows no numbers, would take any."""
        if exclude_each_other(narrowing):
            return Read(keyset.Page([], None, None), 0)
        sizes = [self._alone(condition) for condition in narrowing]
        fewest = min(sizes)
        if fewest <= COUNT_LIMIT:
            leading = sizes.index(fewest)
            asked = led_by(leading, narrowing)
            matching = self.statement.where(*asked)
            return self._all_of(matching, sort, limit)
        walked = self.statement.where(*(on_row(one) if chosen_elsewhere(one) else one for one in narrowing))
        bounded = self.statement.where(*(at_most(one, _GATHERED) for one in narrowing))
        # Each condition by itself leaves many.
        gathered = total = self._count_in_time(bounded)
        paired = together(narrowing)
        if total > COUNT_LIMIT and paired is not None:
            both = self.statement.where(*paired)
            found = self._count_in_time(both)
            if found <= COUNT_LIMIT:
                return self._counted(both, found, sort, limit)
        if total <= COUNT_LIMIT and any(map(chosen_elsewhere, narrowing)):
            # Among those that were gathered there are few, but there are others.
            total = self._count_in_time(walked)
        # What takes long to count takes as long to look through: fewer are gathered for that.
        fewer = self.statement.where(*(at_most(one, _LOOKED_THROUGH) for one in narrowing))
        rest = None if not gathered else bounded if gathered <= COUNT_LIMIT else fewer
        # Of conditions none of whose many gathered rows is met, hardly any is met on the way either.
        patience = _PATIENCE if gathered else _PATIENCE / 2

        def sampled() -> Read:
            return self._sampled(narrowing, rest, sort, limit, patience)

        return self._counted(walked, total, sort, limit, sampled, patience)

    def _sampled(
        self,
        narrowing: "list[ColumnElement[Any]]",
        rest: "Select[Any] | None",
        sort: str,
        limit: int,
        patience: float,
    ) -> Read:
        """The page of those found first, when one condition after the other leads, each for a moment.

        Which of them leads there soon is not known before. Where none does, the `rest` is looked through, unless it has nothing.
        """
        few: Read | None = None
        enough = max(_MET, limit)
        for asked, whole in self._samples(narrowing):
            sample = self.statement.where(*asked)
            page = within(self.session, patience, partial(self._page, sample, sort, limit, enough + 1))
            if page is None or page.total is None:
                continue
            found = _found_first(page, enough, whole=whole)
            if page.total > enough or not found.partial:
                return found
            few = few or (found if page.rows else None)
        if few is not None:
            return few
        if rest is None:
            return Read(keyset.Page([], None, None), COUNT_LIMIT + 1, partial=True)
        page = self._page(rest, sort, limit, enough + 1)
        return _found_first(page, enough, whole=not any(map(chosen_elsewhere, narrowing)))

    def _samples(
        self, narrowing: "list[ColumnElement[Any]]"
    ) -> "Iterator[tuple[list[ColumnElement[Any]], bool]]":
        """The conditions in the ways that may lead to rows soon, and whether each finds all there are."""
        paired = together(narrowing)
        if paired is not None:
            yield paired, True
        for leading in leads(narrowing):
            yield led_by(leading, narrowing, SOUGHT + 1), chosen_elsewhere(narrowing[leading]) is None

    def _alone(self, condition: "ColumnElement[Any]") -> int:
        """How many rows a condition leaves by itself; many when that takes long to say."""
        elsewhere = chosen_elsewhere(condition)
        identity = keyset.expression(self.statement, self.table.id_key)
        if elsewhere is not None and same(elsewhere[0], identity):
            keys = elsewhere[1].limit(COUNT_LIMIT + 1).subquery()
            return self.session.execute(select(func.count()).select_from(keys)).scalar_one()
        return self._count_in_time(self.statement.where(at_most(condition, COUNT_LIMIT + 1)))

    def _counted(
        self,
        matching: "Select[Any]",
        total: int,
        sort: str,
        limit: int,
        sampled: "Callable[[], Read] | None" = None,
        patience: float | None = None,
    ) -> Read:
        """The page of what matches; where walking takes too long that of those that are found first."""
        if total == 0:
            # PostgreSQL, whose numbers say nothing of two columns together, would read a whole table to find none.
            return Read(keyset.Page([], None, None), 0)
        if total <= COUNT_LIMIT:
            return Read(self._few(matching, sort, limit), total)
        if not conditions_of(matching):
            return Read(self._walked(matching, sort, limit), total)
        seconds = _PATIENCE if patience is None else patience
        walked = within(self.session, seconds, lambda: self._walked(matching, sort, limit))
        if walked is not None:
            return Read(walked, total)
        if sampled is not None:
            return sampled()
        return _found_first(self._page(matching, sort, limit, SOUGHT + 1), SOUGHT, whole=True)

    def count_in(self, tab: "Tab", total: int) -> int:
        """How many rows are in a tab; `total` when it is the open one, and nothing else narrows the list."""
        if tab is self.table.tab(self.params) and not self._is_narrowed:
            return total
        return self._count(self.table.in_tab(self.statement, tab))

    @property
    def _is_narrowed(self) -> bool:
        searched = bool(self.params.get("q", "").strip()) and self.table.searches
        return searched or any(
            item.condition(self.statement, self.params) is not None for item in self.table.filters
        )

    def _searched(self, query: str, sort: str, limit: int) -> Read:
        narrowing = self.table.narrowing(self.statement, self.params)
        others = self.statement.where(*narrowing)
        asked = self.table.asked(others, query)
        narrowed = bool(conditions_of(others))
        if narrowed and asked.finds_many(self.session, SOUGHT + 1):
            read = self._looked_through(others, asked.on_row(), sort, limit)
            if read is not None:
                return read
        found = asked.first(self.session, SOUGHT + 1, _PATIENCE)
        if narrowed and found.more:
            read = self._looked_through(others, asked.on_row(), sort, limit)
            if read is not None:
                return read
        identity = keyset.expression(others, self.table.id_key)
        # The keys lead: SQLite would rather take a condition's index, and read all that it holds for.
        matching = self.statement.where(*map(on_row, narrowing), among(identity, found.keys))
        if not found.keys:
            return Read(keyset.Page([], None, None), 0, partial=found.more)
        if found.more:
            page = self._few(matching, sort, limit)
            return Read(page, min(len(found.keys), SOUGHT), partial=True)
        return self._all_of(matching, sort, limit)

    def _looked_through(
        self, rows: "Select[Any]", met: "ColumnElement[bool]", sort: str, limit: int
    ) -> Read | None:
        """The page of those that meet the condition, each looked at; None where there are too many to look at.

        Who types on asks the same of other letters. Then it is known that they are few, and they are found once, not once more to
        count them.
        """
        told = _told(self.session, rows, self.table.id_key)
        if not were_few(*told) and (were_too_many(*told) or self._count(rows) > COUNT_LIMIT):
            return None
        identity = keyset.expression(rows, self.table.id_key)

        def looking() -> "Select[Any]":
            seen = lean(rows, identity.label("key"), met.label("met")).limit(COUNT_LIMIT + 1).subquery()
            key = case((seen.c.met, cast(seen.c.key, String)))
            columns: tuple[Any, Any] = (
                func.count().label("seen"),
                func.aggregate_strings(key, _COMMA).label("keys"),
            )
            return select(*columns).select_from(seen)

        way = "look", self.table.id_key, COUNT_LIMIT
        (found,) = rows_alike(self.session, rows.where(met), way, looking)
        if found["seen"] > COUNT_LIMIT:
            remember_too_many(*told)
            return None
        remember_few(*told)
        every = [int(key) for key in (found["keys"] or "").split(",") if key]
        return self._all_of(self.statement.where(among(identity, every)), sort, limit)

    def _count(self, matching: "Select[Any]") -> int:
        return count_capped(self.session, matching, self.table.id_key)

    def _count_in_time(self, matching: "Select[Any]") -> int:
        """How many there are; too many where that takes long to say, which is not tried again for a while."""
        told = _told(self.session, matching, self.table.id_key)
        if were_too_many(*told):
            return COUNT_LIMIT + 1
        found = within(self.session, _PATIENCE, lambda: self._count(matching))
        if found is None:
            remember_too_many(*told)
        return COUNT_LIMIT + 1 if found is None else found

    def _all_of(self, matching: "Select[Any]", sort: str, limit: int) -> Read:
        """The page of what matches, which is few, and how many that are."""
        page = self._few(matching, sort, limit)
        return Read(page, self._count(matching) if page.total is None else page.total)

    def _walked(self, matching: "Select[Any]", sort: str, limit: int) -> keyset.Page:
        return self._page(matching, sort, limit, None)

    def _few(self, matching: "Select[Any]", sort: str, limit: int) -> keyset.Page:
        few = COUNT_LIMIT + 1 if conditions_of(matching) else None
        return self._page(matching, sort, limit, few)

    def _page(self, matching: "Select[Any]", sort: str, limit: int, few: int | None) -> keyset.Page:
        return keyset.page(
            self.session,
            matching,
            sort,
            limit,
            plain_cursor(self.params.get("cursor")),
            self.table.id_key,
            few,
        )
