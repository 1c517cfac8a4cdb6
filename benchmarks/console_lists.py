"""The console's lists, for `benchmarks.console`: every list there is, in every order that it offers, with every filter and tab.

Lists, orders, filters and tabs are asked of the console itself: what comes is measured without a word here. Only filters that ask
for something typed, and suggest nothing, are told here what people type; one that is not told fails.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, combinations, product
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.console_figures import Question
from benchmarks.operator_at_size import PRODUCTS, TAGS, People

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from trunkline.app import App
    from trunkline.lists import ListOf
    from trunkline.operation import Context
    from trunkline.web.tables import Filter, Table

_LIMIT = 60.0
#: What is typed or picked where a filter cannot say it: what many rows have first, then what few have.
_TYPED: Mapping[str, Sequence[str]] = {
    "activity as": ("On_behalf_of 10000777",),
    "activity customer": ("C000777",),
    "activity operation": ("operation 7",),
    "activity who": ("actor 7", "nobody"),
    "catalog-services contract": ("C10000777",),
    "catalog-services product": tuple(PRODUCTS),
    "customers parent": ("C000777",),
    "customers tag": tuple(TAGS),
    "invoices period": ("2019-10", "2020-12", "2031-01"),
    "jobs customer": ("C000777",),
    "jobs product": ("product 7",),
    "jobs target": ("target 7", "no such"),
    "webhook-deliveries event": ("customer.changed", "service.activated", "order.placed", "no such"),
}
#: Filters that are in force together.
_TOGETHER: Mapping[str, Sequence[str]] = {
    "customers": ("view=suspended&kind=business", "status=active&tag=rare", "status=active&tag=common"),
    "catalog-services": ("view=suspended&product=rare", "view=failed&product=mobile"),
    "jobs": ("view=attention&customer=C000777", "view=mail&state=failed"),
    "invoices": ("view=overdue&total_min=900", "view=open&total_max=0.5"),
    "inventory": ("view=faulty&template=sim",),
    "webhook-deliveries": ("view=undelivered&webhook=CWH10000007", "view=parked&event=invoice.issued"),
}
#: So many choices of a filter, from its first to its last.
_CHOICES = 6


def lists(app: "App", size: int) -> Sequence[Question]:
    """Every tab and filter in every order, each on its first page and, unfiltered, on pages deep inside; pairs; and searches."""
    from trunkline.operation import SYSTEM

    questions: list[Question] = []
    with app.reading(SYSTEM) as ctx:
        for name, found in sorted(app.lists.items()):
            table, middle = found.table(ctx), _middle(ctx, found)
            sorts = _sorts(table)
            queries = ["", *(f"view={tab.value}" for tab in table.tabs if tab.value)]
            if middle is not None:
                queries += [one for item in table.filters for one in _filtered(name, item, table, middle)]
                values = _values(name, table, middle)
                paired = [*_with_periods(table, middle, values), *_with_each_other(values)]
                questions += [
                    _page(name, f"{query}&sort={sort}") for sort, query in product(sorts[:2], paired)
                ]
            queries += _TOGETHER.get(name, ())
            questions += [_page(name, f"{query}&sort={sort}") for sort, query in product(sorts, queries)]
            if middle is not None:
                questions += [_deep(name, sort, middle[table.id_key]) for sort in sorts]
                if table.searches:
                    words = [*_words(table, middle, size)]
                    queries = [f"q={text}" for text in words]
                    # The start of its own number, and that of a name that many have.
                    beside = product((words[1], words[-5]), chain(*values))
                    queries += [f"q={text}&{value}" for text, value in beside]
                    questions += [_page(name, query, "searched") for query in queries]
    return questions


def _middle(ctx: "Context", found: "ListOf") -> "RowMapping | None":
    """A row from the middle of the list; none of an empty one."""
    from trunkline.web import keyset

    table, statement = found.table(ctx), found.select(ctx)
    identity = keyset.expression(statement, table.id_key)
    newest = statement.with_only_columns(identity).order_by(None).order_by(identity.desc()).limit(1)
    middle = (ctx.session.execute(newest).scalar() or 0) // 2
    rows = statement.order_by(None).order_by(identity).where(identity >= middle).limit(1)
    return ctx.session.execute(rows).mappings().first()


def _sorts(table: "Table") -> list[str]:
    keys = dict.fromkeys([table.sort.lstrip("-"), *(one.sort_key for one in table.columns if one.sort_key)])
    return [f"{sign}{key}" for key in keys for sign in ("", "-")]


def _filtered(name: str, item: "Filter", table: "Table", middle: "RowMapping") -> "Iterator[str]":
    """Addresses with the filter in force, at several values each."""
    if item.is_range:
        first, last = item.names
        low, high, at = _ends(item, middle)
        yield from (f"{first}={at}", f"{last}={at}", f"{first}={low}&{last}={high}", f"{last}={low}")
        return
    if item.kind == "bool":
        yield from (f"{item.key}=1", f"{item.key}=0")
        return
    known = [str(getattr(value, "value", value)) for value, _label in item.choices]
    typed = _TYPED.get(f"{name} {item.key}") or known[:: max(1, len(known) // _CHOICES)]
    if not typed and item.where is None:
        column = item.column if item.column is not None else item.key
        typed = [str(middle[getattr(column, "name", column)])]
    if not typed:
        raise LookupError(f"say in benchmarks.console_lists what people type into {name}'s filter {item.key}")
    yield from (f"{item.key}={value}" for value in typed)


def _values(name: str, table: "Table", middle: "RowMapping") -> list[list[str]]:
    """Addresses with one value in force, of the tabs and of each filter that is no range."""
    filters = [[*_filtered(name, item, table, middle)] for item in table.filters if not item.is_range]
    return [[f"view={tab.value}" for tab in table.tabs if tab.value], *filters]


def _with_periods(table: "Table", middle: "RowMapping", values: Sequence[Sequence[str]]) -> Iterator[str]:
    """Every value beside a period: few rows may be both, or none of those in front."""
    for item in table.filters:
        if item.kind == "dates":
            first, last = item.names
            _low, _high, at = _ends(item, middle)
            month = at + timedelta(days=30)
            for days in (f"{first}={at}", f"{last}={at}", f"{first}={at}&{last}={month}"):
                yield from (f"{value}&{days}" for value in chain(*values))


def _with_each_other(values: Sequence[Sequence[str]]) -> Iterator[str]:
    """Every value beside every one of another filter: those that many rows have each, but few or none both, are among them."""
    for some, others in combinations(values, 2):
        yield from (f"{one}&{other}" for one, other in product(some, others))


def _ends(item: "Filter", middle: "RowMapping") -> tuple[Any, Any, Any]:
    """The ends of a narrow range, and a value that half of the rows lie above."""
    column = item.column if item.column is not None else item.key
    value: Any = middle[getattr(column, "name", column)]
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    if isinstance(value, date):
        return value, value + timedelta(days=2), value
    if item.kind == "money":
        units = int(value) // 1_000_000
        return units, units + 1, units
    return value, value + 1, value


def _words(table: "Table", middle: "RowMapping", size: int) -> "Iterator[str]":
    """What people type into a list's search box: its own numbers, and customers by name, phone and e-mail address."""
    people, random = People(), Random(3)
    for column in table.columns[:2]:
        own = str(middle[column.key]) if column.key in middle else ""
        yield from filter(None, (own, own[:-2]))
    for _ in range(5):
        facts = people.at(random.randint(1, size))
        yield from (
            facts.name.split()[0][:4],
            facts.name,
            facts.phone[3:],
            facts.email[:12],
            facts.msisdns[0][1:],
        )


def _listed(ctx: "Context", name: str) -> "tuple[ListOf, Table]":
    found = ctx.app.lists[name]
    return found, found.table(ctx)


def _page(name: str, query: str, figure: str = "") -> Question:
    from starlette.datastructures import QueryParams

    params = QueryParams(query)

    def ask(app: "App") -> object:
        with app.reading() as ctx:
            found, table = _listed(ctx, name)
            return table.load(ctx.session, found.select(ctx), params, path=found.path).rows

    return Question(f"list {name}{', ' + figure if figure else ''}", _LIMIT, ask, query)


def _deep(name: str, sort: str, middle: int) -> Question:
    """The page after the row in the middle of the list, as following `next` for hours would reach it."""
    from trunkline.web import keyset

    def ask(app: "App") -> object:
        with app.reading() as ctx:
            found, table = _listed(ctx, name)
            statement = found.select(ctx)
            identity = keyset.expression(statement, table.id_key)
            column = keyset.expression(statement, sort.lstrip("-"))
            value = ctx.session.execute(
                statement.with_only_columns(column).where(identity == middle)
            ).scalar_one()
            params = {"sort": sort, "cursor": keyset.cursor_at(value, middle)}
            return table.load(ctx.session, statement, params, path=found.path).rows

    return Question(f"list {name}", _LIMIT, ask, f"page in the middle, sort={sort}")
