"""The console's lists: every sort that is offered, every filter and tab, and deep pages, for `benchmarks.console`."""

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from benchmarks.console import Question
from benchmarks.operator_at_size import PRODUCTS, TAGS, People

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.lists import ListOf
    from trunkline.operation import Context
    from trunkline.web.tables import Table

_LIMIT = 60.0
#: Filters with a value each; those that many rows match and those that few do.
_CUSTOMERS = (
    "status=active", "status=suspended", "kind=business", "kind=individual", "created_at_from=2019-06-01",
    "created_at_to=2019-01-02", "created_at_from=2019-02-01&created_at_to=2019-02-03", "assigned=nobody",
    *(f"tag={tag}" for tag in TAGS), "view=active", "view=pending", "view=closed", "view=archived",
    "view=suspended&kind=business", "status=active&tag=rare",
)  # fmt: skip
_SERVICES = (
    *(f"product={code}" for code in PRODUCTS), "activated_at_from=2019-06-01", "activated_at_to=2019-01-02",
    "suspended=1", "suspended=0", "view=active", "view=suspended", "view=failed", "view=ended", "view=provisioning",
    "view=suspended&product=rare",
)  # fmt: skip


def lists(size: int) -> Sequence[Question]:
    """Every tab and filter in every order, each on its first page and, unfiltered, on pages deep inside."""
    questions: list[Question] = []
    for name, filters in (("customers", _CUSTOMERS), ("catalog-services", _SERVICES)):
        for sort, query in product(_sorts(name), ("", *filters)):
            figure = f"{name}, filtered" if query else f"{name}, sorted"
            questions.append(_page(figure, name, f"{query}&sort={sort}"))
        questions += [_deep(name, sort, size) for sort in _sorts(name)]
    people, random = People(), Random(3)
    for _ in range(20):
        facts = people.at(random.randint(1, size))
        typed = [facts.name.split()[0][:4], facts.name, facts.phone[3:], facts.email[:12]]
        questions += [_page("customers, searched", "customers", f"q={text}") for text in typed]
        questions.append(_page("services, searched", "catalog-services", f"q={facts.msisdns[0][1:]}"))
    return questions


def _sorts(name: str) -> tuple[str, ...]:
    keys = ("name", "number", "created_at") if name == "customers" else ("number", "activated_at")
    return tuple(f"{sign}{key}" for key in keys for sign in ("", "-"))


def _listed(ctx: "Context", name: str) -> "tuple[ListOf, Table]":
    found = ctx.app.lists[name]
    return found, found.table(ctx)


def _page(figure: str, name: str, query: str) -> Question:
    from starlette.datastructures import QueryParams

    params = QueryParams(query)

    def ask(app: "App") -> object:
        with app.reading() as ctx:
            found, table = _listed(ctx, name)
            return table.load(ctx.session, found.select(ctx), params, path=found.path).rows

    return Question(figure, _LIMIT, ask, query)


def _deep(name: str, sort: str, size: int) -> Question:
    """The page after the row in the middle of the list, as following `next` for hours would reach it."""
    from trunkline.web import keyset

    def ask(app: "App") -> object:
        with app.reading() as ctx:
            found, table = _listed(ctx, name)
            statement = found.select(ctx)
            middle = size if name == "catalog-services" else size // 2
            identity = keyset.expression(statement, "id")
            column = keyset.expression(statement, sort.lstrip("-"))
            value = ctx.session.execute(
                statement.with_only_columns(column).where(identity == middle)
            ).scalar_one()
            cursor = keyset.cursor_at(value, middle)
            params = {"sort": sort, "cursor": cursor}
            return table.load(ctx.session, statement, params, path=found.path).rows

    return Question(f"{name}, deep", _LIMIT, ask, sort)
