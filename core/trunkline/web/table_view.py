"""One page of a table as templates draw it: addresses, tabs, chips, counts in words."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from sqlalchemy import RowMapping

from trunkline.i18n import format_number, ngettext
from trunkline.i18n import gettext as _
from trunkline.web import keyset, table_columns, table_menus
from trunkline.web.cells import Svg, row_drawer
from trunkline.web.signing import sign
from trunkline.web.table_columns import ROW, cursor_at, first_row, shown_columns, with_more, with_row_numbers
from trunkline.web.table_params import COUNT_LIMIT, LONG, figure, pairs_of
from trunkline.web.tones import tone_of

if TYPE_CHECKING:
    from trunkline.lists.views import ViewOf
    from trunkline.web.tables import Bulk, Column, Filter, Tab, Table


#: What would end a CSS string, or begin an escape in one.
_IN_CSS = str.maketrans({"'": "’", "\\": "", "\n": " "})


@dataclass(frozen=True)
class Chip:
    """One filter in force, with the address that lifts it."""

    label: str
    value: str
    remove: str


@dataclass(frozen=True)
class TabView:
    """A tab as it is drawn."""

    label: str
    href: str
    active: bool
    count: str
    tone: str
    #: Somebody saved it, and shares it with everybody.
    own: bool = False
    shared: bool = False


@dataclass
class TableView:
    """One page of a table, ready for the macro `ui.table`."""

    table: "Table"
    params: Mapping[str, str]
    path: str
    page: keyset.Page
    total: int
    sort: str
    limit: int
    tab: "Tab | None"
    tab_counts: Mapping[str, int]
    #: Whether the rows in order are only those that were found first, because there are too many to put all in order.
    partial: bool = False
    #: Whoever reads, asked for permissions (`can`); set by the page.
    reader: Any = None
    #: A sentence about each thing that its address asked for and it does not know.
    unknown: Sequence[str] = ()
    #: Name of the declared list that this is the page of; empty for a table inside another page.
    listed: str = ""
    #: The reader's saved views and those that are shared, each with its address.
    saved: "Sequence[tuple[ViewOf, str]]" = ()
    #: Key of the view that the list opens with.
    opens_with: int | None = None
    may_save: bool = False
    may_share: bool = False
    #: Whether a worker may write long lists to a file for this reader.
    by_worker: bool = False

    @property
    def id(self) -> str:
        """The element that htmx replaces."""
        return f"table-{self.table.name}"

    @property
    def rows(self) -> Sequence[RowMapping]:
        """The rows of this page, with the cells of columns that others bring."""
        return self._rows

    @cached_property
    def _rows(self) -> Sequence[RowMapping]:
        shown = {column.key for column in self.columns}
        rows = with_more(self.table, self.page.rows, shown)
        return with_row_numbers(rows, self._first_row) if self._numbered else rows

    @property
    def columns(self) -> "Sequence[Column]":
        """The columns shown: those named in `cols`, in that order; else those the reader keeps; else all but optional ones."""
        return self._columns

    @cached_property
    def _columns(self) -> "Sequence[Column]":
        return shown_columns(self.table, self.params)

    @property
    def lead(self) -> "Column":
        """The column that names a row."""
        return table_columns.leading(self.columns, self.table.columns)

    @property
    def _numbered(self) -> bool:
        return any(column.key == ROW for column in self.columns)

    @property
    def _first_row(self) -> int | None:
        return first_row(self.params.get("cursor", ""))

    @property
    def total_is_exact(self) -> bool:
        """Whether `total` was counted to the end."""
        return self.total <= COUNT_LIMIT and not self.partial

    @property
    def search(self) -> str:
        """What is being searched for."""
        return self.params.get("q", "").strip()

    @property
    def narrowed(self) -> bool:
        """Whether a search or filter is in force (an empty result then means "nothing matches")."""
        return bool(self.search or self.chips)

    def url(self, **changes: object) -> str:
        """This list's address with parameters changed (None removes one); the position is dropped unless given."""
        pairs = [pair for pair in self._pairs if pair[0] not in changes]
        pairs += [(key, str(value)) for key, value in changes.items() if value is not None and value != ""]
        if not pairs and self.opens_with is not None:
            # Without a word the list would open with that view again.
            pairs = [("saved", "0")]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path or "?"

    @cached_property
    def _pairs(self) -> Sequence[tuple[str, str]]:
        """What the address says, without where in the list one is."""
        return [pair for pair in pairs_of(self.params) if pair[0] not in ("cursor", "export")]

    @property
    def previous(self) -> str | None:
        """Address of the page before, if there is one."""
        return self._beside(self.page.previous, -self.limit)

    @property
    def next(self) -> str | None:
        """Address of the page after, if there is one."""
        return self._beside(self.page.next, len(self.page.rows))

    def _beside(self, cursor: str | None, rows: int) -> str | None:
        """Address of a page so many rows from this one; while rows are numbered, with the number of its first."""
        if cursor and self._numbered and self._first_row is not None:
            cursor = cursor_at(cursor, self._first_row + rows)
        return self.url(cursor=cursor) if cursor else None

    def sort_url(self, column: "Column") -> str:
        """Sorts by a column; again turns it round."""
        key = column.sort_key
        return self.url(sort=f"-{key}" if self.sort == key else key)

    def sorted_by(self, column: "Column") -> str:
        """`ascending`, `descending` or nothing, as `aria-sort` says it."""
        if not column.sort_key or self.sort.lstrip("-") != column.sort_key:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    @cached_property
    def order_choices(self) -> Sequence[table_menus.Choice]:
        """Every column that the list can be sorted by."""
        return table_menus.order_choices(self)

    @property
    def order_ways(self) -> Sequence[tuple[str, str, str, bool]]:
        """(label, icon, address, in force) of both directions; none where the order is no column's."""
        return table_menus.order_ways(self)

    @cached_property
    def column_choices(self) -> Sequence[table_menus.Choice]:
        """Every column but the one that names a row, to show or hide; none where nothing is optional."""
        return table_menus.column_choices(self)

    @property
    def preset_choices(self) -> Sequence[table_menus.Choice]:
        """Every named set of columns."""
        return table_menus.preset_choices(self)

    @property
    def tabs(self) -> Sequence[TabView]:
        """The list's own views with their counts, then those that were saved."""
        here = self.view_saved
        drawn = []
        for position, item in enumerate(self.table.tabs):
            count = self.tab_counts.get(item.value)
            shown = "" if count is None else figure(count)
            value = item.value if position else None
            href = self.url(view=value) if here is None else self.plain(view=value)
            tone = item.tone if count else ""
            drawn.append(TabView(item.label, href, item is self.tab and here is None, shown, tone))
        if self.saved and not drawn:
            drawn = [TabView(str(_("All")), self.plain(), here is None, "", "")]
        for view, href in self.saved:
            drawn.append(TabView(view.name, href, view is here, "", "", shared=view.shared, own=True))
        return drawn

    @property
    def view_saved(self) -> "ViewOf | None":
        """The saved view that is open."""
        wanted = self.params.get("saved", "")
        return next((view for view, _href in self.saved if str(view.id) == wanted), None)

    def plain(self, **parameters: object) -> str:
        """This list's address with these parameters and no others."""
        pairs = [(key, str(value)) for key, value in parameters.items() if value]
        if not pairs and self.opens_with is not None:
            pairs = [("saved", "0")]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path or "?"

    @property
    def as_it_stands(self) -> str:
        """The parameters that make this list what it is, for saving it as a view."""
        return urlencode(
            [(key, value) for key, value in pairs_of(self.params) if key not in ("cursor", "export", "saved")]
        )

    @property
    def view_changed(self) -> bool:
        """Whether the saved view that is open was narrowed, sorted or otherwise changed since."""
        view = self.view_saved
        return view is not None and sorted(parse_qsl(view.query)) != sorted(parse_qsl(self.as_it_stands))

    @property
    def columns_changed(self) -> bool:
        """Whether other columns are shown than those the reader keeps."""
        return [column.key for column in self.columns] != [
            column.key for column in shown_columns(self.table, {})
        ]

    @property
    def columns_chosen(self) -> bool:
        """Whether the reader said which columns: then none leaves where rows are stacked."""
        return bool(self.params.get("cols") or self.table.kept)

    def column_words(self, before: int) -> str:
        """The heads as CSS variables by position, after so many other cells: stacked rows name their cells by them."""
        heads = (str(column.label).translate(_IN_CSS) for column in self.columns)
        return ";".join(f"--c{place}:'{head}'" for place, head in enumerate(heads, before + 1))

    @property
    def without_columns(self) -> str:
        """The parameters without the choice of columns."""
        return urlencode([(key, value) for key, value in parse_qsl(self.as_it_stands) if key != "cols"])

    @property
    def columns_query(self) -> str:
        """The parameters of the page that orders the columns: those shown, and where it leads back to."""
        return urlencode({"cols": self.shown_keys, "back": self.without_columns})

    @property
    def shown_keys(self) -> str:
        """The columns shown, by key."""
        return ",".join(column.key for column in self.columns)

    @property
    def long(self) -> bool:
        """Whether a file of it is work for a worker."""
        return bool(self.listed) and self.by_worker and (self.total > LONG or self.partial)

    @property
    def chips(self) -> Sequence[Chip]:
        """The filters in force."""
        found = []
        for item in self.table.filters:
            if item.is_range:
                if said := item.said(self.params):
                    gone: dict[str, object] = dict.fromkeys(item.names)
                    found.append(Chip(item.label, said, self.url(**gone)))
                continue
            chosen = self.chosen(item)
            words = self.words(item)
            if item.kind in ("text", "tag"):
                words = dict(zip(chosen, chosen, strict=True)) | words
            shown = [words[value] for value in chosen if value in words]
            if shown:
                found.append(Chip(item.label, ", ".join(shown), self.url(**{item.key: None})))
        return found

    def words(self, item: "Filter") -> dict[str, str]:
        """Values of a filter with their labels."""
        if item.kind == "bool":
            return {"1": str(_("Yes")), "0": str(_("No"))}
        return {str(getattr(value, "value", value)): str(label) for value, label in item.choices}

    def chosen(self, item: "Filter") -> Sequence[str]:
        """Values of a filter that are in force."""
        return item.values(self.params)

    def kept(self, *dropped: str) -> Sequence[tuple[str, str]]:
        """The parameters a form must carry along as hidden fields, without those it sets itself."""
        return [
            (key, value) for key, value in pairs_of(self.params) if key not in ("cursor", "export", *dropped)
        ]

    def row_link(self, row: RowMapping) -> str | None:
        """Where the row leads."""
        return self.table.row_link(row)

    @property
    def bulk_actions(self) -> "Sequence[Bulk]":
        """The bulk actions that the reader may use."""
        may = getattr(self.reader, "can", None)
        return [
            item for item in self.table.bulk if not item.permission or may is None or may(item.permission)
        ]

    @property
    def has_bar(self) -> bool:
        """Whether there is anything to search, filter or export by."""
        return bool(self.table.searches or self.table.filters or self.table.export)

    @property
    def saves_in_bar(self) -> bool:
        """Whether the bar offers to save a view, because no view stands over it: a row of its own would hold that alone."""
        return self.may_save and self.has_bar and not self.table.tabs and not self.saved

    @property
    def bar_key(self) -> Hashable | None:
        """All that the bar over a declared list depends on besides the language; None while it is searched, or one's own."""
        table, params = self.table, self.params
        known = params.get("view", "") in {"", *(tab.value for tab in table.tabs)}
        plain = all(key in ("view", "sort") for key, _value in self._pairs)
        if (
            not self.listed
            or table.kept
            or not known
            or not plain
            or params.get("sort", self.sort) != self.sort
        ):
            return None
        return (
            (self.listed, self.path, *self._pairs, self.sort, self.opens_with, bool(self.rows), table.export),
            self.saves_in_bar,
            tuple(column.key for column in self.columns),
            tuple((one.key, one.label, one.optional, one.sort_key) for one in table.offered_columns),
            tuple((one.key, one.label, one.kind, *map(tuple, one.choices)) for one in table.filters),
        )

    @property
    def filter_names(self) -> Sequence[str]:
        """The parameters that the filter form sets itself."""
        return [name for item in self.table.filters for name in item.names]

    @property
    def cleared(self) -> str:
        """This view without search and filters."""
        gone: dict[str, object] = dict.fromkeys(["q", *self.filter_names])
        return self.url(**gone)

    @property
    def total_text(self) -> str:
        """The number of matching rows, `10,000+` where counting stopped."""
        more = "+" if self.partial and self.total <= COUNT_LIMIT else ""
        return f"{figure(self.total)}{more}"

    @property
    def position_text(self) -> str:
        """How much of the list is on this page."""
        if len(self.rows) == self.total:
            return ngettext("{n} row", "{n} rows", self.total)
        return str(_("{n} of {total} rows", n=format_number(len(self.rows)), total=self.total_text))

    @property
    def export_text(self) -> str:
        """What an export will hold."""
        if self.total_is_exact:
            return ngettext("The one matching row", "All {n} matching rows", self.total)
        return str(_("All matching rows"))

    def row_drawer(self, svg: Svg) -> Callable[[RowMapping, str | None], Markup]:
        """What draws the cells of a row; `svg` draws icons."""
        return row_drawer(self.columns, self.lead, svg)

    @property
    def signed_query(self) -> str:
        """The query in force, signed, for "select all that match"."""
        kept: dict[str, str] = {}
        for key, value in pairs_of(self.params):
            if key not in ("cursor", "limit", "export", "saved"):
                # A filter that was chosen several times carries its values in one parameter.
                kept[key] = f"{kept[key]},{value}" if key in kept else value
        return sign(f"table:{self.table.name}", kept)

    def tone(self, value: Any) -> str:
        """The tone of a state."""
        return tone_of(value)
