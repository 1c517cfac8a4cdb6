"""The one table: every list of every plugin is declared as a `Table` and fed with a SQLAlchemy Core select.

The select's columns carry the table's keys as their names (`.label("key")`); it also selects `id`. What the reader chose (search,
filters, tab, sort, position, columns) lives in the URL: `q, <filter>=…, view, sort=-created, cursor, limit, cols`.
Pages are found by keyset (sort value and id), never by offset, so page 500 costs what page 1 costs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, RowMapping, Select, or_, select
from sqlalchemy.orm import Session

from trunkline.web import keyset
from trunkline.web.cells import called
from trunkline.web.signing import verify
from trunkline.web.table_columns import ROW, leading
from trunkline.web.table_filters import Filter as Filter
from trunkline.web.table_params import COUNT_LIMIT, values_of
from trunkline.web.table_plan import conditions_of
from trunkline.web.table_reading import Reader
from trunkline.web.table_search import Search, contains
from trunkline.web.table_view import TableView
from trunkline.web.tones import state_label

LIMITS = (25, 50, 100, 200)
DEFAULT_LIMIT = 50
#: A search looks at this many words: each is a condition of its own.
_WORDS = 6
#: Parameters that belong to the table itself; no filter may use them as its key.
RESERVED = frozenset({"q", "view", "sort", "cursor", "limit", "cols", "saved", "export"})

Expression: TypeAlias = ColumnElement[Any]
Statement: TypeAlias = "Select[Any]"


class Kind(StrEnum):
    """How a cell is shown, aligned, sorted and exported."""

    TEXT = "text"
    LINK = "link"
    MONO = "mono"
    NUMBER = "number"
    #: A number that was counted as far as lists count (`count_beside`).
    COUNT = "count"
    MONEY = "money"
    DATE = "date"
    #: A month kept as `2026-11`.
    MONTH = "month"
    DATETIME = "datetime"
    RELATIVE = "relative"
    STATUS = "status"
    BYTES = "bytes"
    DURATION = "duration"
    BOOL = "bool"
    PHONE = "phone"
    #: What identifies something: a serial, or a telephone number.
    IDENTIFIER = "identifier"
    #: An address, which breaks behind its @ and dots where it must.
    EMAIL = "email"
    TAGS = "tags"
    HTML = "html"


_FIGURES = {Kind.NUMBER, Kind.COUNT, Kind.MONEY, Kind.BYTES, Kind.DURATION}


@dataclass(frozen=True)
class Column:
    """One column. `key` names the select's column; a lambda in `value` may compute the cell from the row instead.

    `sort` offers sorting by this column (or by the key it names): only where (scope, column, id) is indexed.
    `priority` 2 and 3 say which columns leave first when the table is narrow. `currency` names the key (or is the three-letter
    code) that a money column is in; `href` is a pattern such as `/customers/{number}`, filled from the row, or a function of it.
    `named` sets the head beside the cell where rows are stacked and have no head: for figures that nobody knows without it.
    `lead` says that it names its row, wherever it stands; of columns that say nothing the first one does.
    """

    key: str
    label: str
    kind: Kind | str = Kind.TEXT
    sort: bool | str = False
    priority: Literal[1, 2, 3] = 1
    align: Literal["start", "end", ""] = ""
    sub: str = ""
    href: str | Callable[[RowMapping], str | None] = ""
    currency: str = "currency"
    value: Callable[[RowMapping], Any] | None = None
    icon: str | Callable[[RowMapping], str] = ""
    optional: bool = False
    export: bool = True
    labels: Mapping[Any, str] = field(default_factory=dict)
    empty: str = "–"
    named: bool = False
    lead: bool = False

    @property
    def end(self) -> bool:
        """Whether the cell is set to the line's end, as figures are."""
        return self.align == "end" or (not self.align and Kind(self.kind) in _FIGURES)

    @property
    def sort_key(self) -> str:
        """The key this column sorts by; empty when it does not."""
        return self.key if self.sort is True else (self.sort or "")

    def read(self, row: RowMapping) -> Any:
        """The cell's raw value."""
        return self.value(row) if self.value is not None else row[self.key]

    def subtitle(self, row: RowMapping) -> Any:
        """The weaker second line, when the column has one."""
        return row[self.sub] if self.sub else None

    def link(self, row: RowMapping) -> str | None:
        """Where the cell leads."""
        if callable(self.href):
            return self.href(row)
        return self.href.format_map(row) if self.href else None

    def icon_name(self, row: RowMapping) -> str:
        """The icon before the cell, if any."""
        return self.icon(row) if callable(self.icon) else self.icon

    def money_currency(self, row: RowMapping) -> str:
        """The currency of this row's amount."""
        return str(row[self.currency]) if self.currency in row else self.currency

    def text(self, value: Any) -> str:
        """The words for a coded value: from `labels`, or the state's own label."""
        raw = getattr(value, "value", value)
        if raw in self.labels:
            return str(self.labels[raw])
        return state_label(value) if Kind(self.kind) is Kind.STATUS else str(raw)


#: The how many-th row of the list it is, counted from the beginning of the list in its order.
ROW_NUMBER = Column(ROW, "#", Kind.NUMBER, priority=3, optional=True, export=False)


@dataclass(frozen=True)
class Tab:
    """A saved view: a condition with a name, shown as a tab above the table."""

    value: str
    label: str
    where: Expression | None = None
    count: bool = False
    tone: str = ""
    #: Filters that ask for more than its condition leaves: it is not asked beside them.
    without: Sequence[str] = ()


@dataclass(frozen=True)
class Bulk:
    """An action on the selected rows: posts `ids` (or the signed query of "all that match") to `action`."""

    label: str
    action: str
    icon: str = ""
    tone: Literal["", "danger"] = ""
    confirm: str = ""
    permission: str = ""


@dataclass(frozen=True)
class Empty:
    """What an empty table says: what will appear here and one action that makes it so."""

    title: str
    text: str = ""
    icon: str = "list-details"
    href: str = ""
    action: str = ""
    #: Who lacks it is not offered the action.
    permission: str = ""


@dataclass(frozen=True)
class Preset:
    """A set of columns under a name, offered beside the choice of single ones."""

    label: str
    columns: Sequence[str]


@dataclass(frozen=True)
class MoreColumns:
    """Columns whose cells are not in the select: `values` reads those of a whole page by row key."""

    columns: Sequence[Column]
    values: Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Selection:
    """Which rows a bulk action is for: the keys, and whether they came as "all that match"."""

    ids: Sequence[int]
    whole_query: bool


@dataclass(frozen=True)
class Table:
    """A list of one entity, declared once as data."""

    name: str
    columns: Sequence[Column]
    label: str = ""
    filters: Sequence[Filter] = ()
    tabs: Sequence[Tab] = ()
    #: Keys or expressions that `q` is looked for inside of: for lists that stay small.
    search: Sequence[str | Expression] = ()
    #: Indexed columns of the list's own table that `q` may begin: for lists that grow.
    starts: Sequence[Any] = ()
    #: (kind of entity, column with its key): the search index is asked for those that `q` finds.
    found: Sequence[tuple[str, Any]] = ()
    #: Further conditions on the list's own table that are made of `q`; each must be answered by an index.
    finds: Sequence[Callable[[str], Expression]] = ()
    search_label: str = ""
    sort: str = "-id"
    row_href: str | Callable[[RowMapping], str | None] = ""
    bulk: Sequence[Bulk] = ()
    empty: Empty | None = None
    limit: int = DEFAULT_LIMIT
    export: bool = True
    id_key: str = "id"
    #: Columns that others bring, whose cells are read for a whole page at once.
    more: Sequence[MoreColumns] = ()
    #: Keys of the columns that this reader keeps; none for the list's own.
    kept: Sequence[str] = ()
    #: Sets of columns under a name.
    presets: Sequence[Preset] = ()
    #: Whether it offers the column `ROW_NUMBER`.
    counted: bool = False

    def __post_init__(self) -> None:
        clash = [item.key for item in self.filters if item.key in RESERVED]
        if clash:
            raise ValueError(
                f"table {self.name}: filter keys {', '.join(clash)} are taken by the table itself"
            )

    # -------------------------------------------------------------- what the reader asked for

    def load(
        self, session: Session, statement: Statement, params: Mapping[str, str], *, path: str = ""
    ) -> TableView:
        """Reads one page of the list.

        `params` are the URL's query parameters (a Starlette `QueryParams` keeps repeated ones); what it does not understand
        (a stale cursor, an unknown sort) is ignored, never an error. `path` is the list's own address when the table is
        embedded in another page.
        """
        tab, sort, limit = self.tab(params), self.sort_of(params), self._limit(params)
        reader = Reader(self, session, _plain(statement), params)
        read = reader.read(sort, limit)
        counts = {item.value: reader.count_in(item, read.total) for item in self.tabs if item.count}
        view = TableView(self, params, path, read.page, read.total, sort, limit, tab, counts)
        view.partial = read.partial
        return view

    def page(
        self, session: Session, matching: Statement, sort: str, limit: int, cursor: str | None, total: int
    ) -> keyset.Page:
        """One page of what matches, found in the way that suits how many match."""
        narrowed = total <= COUNT_LIMIT and bool(conditions_of(matching))
        few = COUNT_LIMIT + 1 if narrowed else None
        return keyset.page(session, matching, sort, limit, cursor, self.id_key, few)

    def filtered(
        self, statement: Statement, params: Mapping[str, str], *, searched: bool = True
    ) -> Statement:
        """The statement with tab, search (unless told not to) and filters applied, unsorted."""
        result = _plain(statement)
        query = params.get("q", "").strip()
        if searched and query and self.searches:
            result = result.where(*self.matches(result, query))
        return result.where(*self.narrowing(result, params))

    def narrowing(self, statement: Statement, params: Mapping[str, str]) -> list[Expression]:
        """What the open tab and the filters ask of each row, a condition each."""
        asked = [(item.key, item.condition(statement, params)) for item in self.filters]
        conditions = [condition for _key, condition in asked if condition is not None]
        tab = self.tab(params)
        if tab is None or tab.where is None:
            return conditions
        replaced = any(key in tab.without for key, condition in asked if condition is not None)
        return conditions if replaced else [tab.where, *conditions]

    @property
    def searches(self) -> bool:
        """Whether it has a search box."""
        return bool(self.search) or self.along_indexes

    @property
    def along_indexes(self) -> bool:
        """Whether its search box asks indexes: it may grow."""
        return bool(self.starts or self.found or self.finds)

    def asked(self, statement: Statement, query: str) -> Search:
        """What the search box asks of the indexes."""
        identity = keyset.expression(statement, self.id_key)
        return Search(statement, identity, query, self.starts, self.found, self.finds)

    @property
    def offered_columns(self) -> Sequence[Column]:
        """Its own columns, then those that others bring."""
        own = [ROW_NUMBER, *self.columns] if self.counted else self.columns
        return [*own, *(column for more in self.more for column in more.columns)]

    def matches(self, statement: Statement, query: str) -> list[Expression]:
        """What holds of each row that the search box finds: what its indexes find, or all its words."""
        if self.along_indexes:
            return [self.asked(statement, query).condition()]
        return [or_(*self.matches_word(statement, word)) for word in query.split()[:_WORDS]]

    def matches_word(self, statement: Statement, word: str) -> list[Expression]:
        """Where one word may stand; a list that looks further than `search` adds to it."""
        return [contains(self._expression(statement, item), word) for item in self.search]

    def tab(self, params: Mapping[str, str]) -> Tab | None:
        """The tab that is open; the first one when none is named."""
        wanted = params.get("view", "")
        for item in self.tabs:
            if item.value == wanted:
                return item
        return self.tabs[0] if self.tabs else None

    def sort_of(self, params: Mapping[str, str]) -> str:
        """The sort in force: the reader's if the table offers it, else the default."""
        wanted = params.get("sort", "")
        offered = {column.sort_key for column in self.columns if column.sort_key}
        return wanted if wanted.lstrip("-") in offered else self.sort

    def _limit(self, params: Mapping[str, str]) -> int:
        asked = params.get("limit", "")
        return int(asked) if asked.isdecimal() and int(asked) in LIMITS else self.limit

    def in_tab(self, statement: Statement, tab: Tab) -> Statement:
        """Its rows in one of its tabs."""
        return statement if tab.where is None else statement.where(tab.where)

    def _expression(self, statement: Statement, item: str | Expression) -> Expression:
        return keyset.expression(statement, item) if isinstance(item, str) else item

    # -------------------------------------------------------------- bulk actions

    def selection(self, session: Session, statement: Statement, form: Mapping[str, Any]) -> Selection:
        """The rows a posted bulk form is for, re-read through `statement` so that only visible rows count.

        Raises Refused when the signed query was altered.
        """
        matching = self.chosen(statement, form)
        if matching is None:
            return Selection((), False)
        identity = keyset.expression(matching, self.id_key)
        rows = session.execute(matching.with_only_columns(identity)).scalars()
        return Selection(tuple(rows), form.get("all") == "1")

    def chosen(self, statement: Statement, form: Mapping[str, Any]) -> "Statement | None":
        """The rows a posted bulk form is for, in the order of their keys; None for none.

        Raises Refused when the signed query was altered.
        """
        if form.get("all") == "1":
            matching = self.filtered(statement, verify(f"table:{self.name}", str(form.get("query", ""))))
            return matching.order_by(None).order_by(keyset.expression(matching, self.id_key))
        keys = [int(value) for value in values_of(form, "ids") if str(value).isdecimal() and len(value) < 19]
        if not keys:
            return None
        plain = _plain(statement)
        identity = keyset.expression(plain, self.id_key)
        return plain.where(identity.in_(keys)).order_by(None).order_by(identity)

    # -------------------------------------------------------------- rows in words

    def row_link(self, row: RowMapping) -> str | None:
        """Where a row leads."""
        return self.row_href(row) if callable(self.row_href) else self.row_href.format_map(row) or None

    def row_label(self, row: RowMapping) -> str:
        """What people call a row: the column that leads and its number; whose it is, where the number is all it is called by."""
        lead = leading(self.columns)
        value = lead.read(row)
        said = "" if value is None else called(lead, value)
        number = str(row.get("number") or "")
        if number and said in (number, ""):
            who = str(row.get("customer_name") or "")
            return f"{number} · {who}" if who else number
        return f"{said} ({number})" if number else said


# ------------------------------------------------------------------ small parts


def _plain(statement: Statement) -> Statement:
    """A statement that WHERE can be added to; grouped, distinct and limited ones are wrapped."""
    wrapped = bool(statement._group_by_clauses or statement._distinct or statement._limit_clause is not None)
    return select(statement.subquery()) if wrapped else statement
