"""What entries of the log say by keys and in units of a currency, as people read it.

Which column names rows of which table is said by its foreign key, else by `REFERS` in its `info`. Each table is asked once for
all that a page shows of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from sqlalchemy import Column, RowMapping, Table, select
from sqlmodel.main import default_registry

from trunkline.activity import words
from trunkline.db.base import REFERS
from trunkline.operation import Context
from trunkline.web.writing import identifier_text

Change = Mapping[str, Any]
Field = tuple[str, Any, Any]
#: What rows are called by: the first of these that says something.
_CALLED = ("name", "title", "label", "email", "code")
_PLACE = re.compile(r"\{(\w+)(:int)?\}")


class Told:
    """The changes of some entries in words: what they refer to by name, with a link for who may open it, and amounts as money."""

    def __init__(self, ctx: Context, changes: Iterable[Change]) -> None:
        wanted: dict[str, set[int]] = defaultdict(set)
        priced: dict[str, set[int]] = defaultdict(set)
        self._models = {
            mapper.local_table.name: mapper.class_
            for mapper in default_registry.mappers
            if isinstance(mapper.local_table, Table)
        }
        for change in changes:
            if isinstance(change.get("id"), int):
                wanted[change["entity"]].add(change["id"])
                if _lacks_currency(change):
                    priced[change["entity"]].add(change["id"])
            for name, values in change.get("fields", {}).items():
                if target := self._target(change["entity"], name):
                    wanted[target].update(value for value in values if _is_key(value))
        self._names = {table: self._named(ctx, table, keys) for table, keys in wanted.items() if keys}
        self._currencies = {table: self._currencies_of(ctx, table, keys) for table, keys in priced.items()}

    def row(self, change: Change) -> str:
        """The row that changed; its key where nobody may or can say more."""
        return self._name(change["entity"], change["id"])

    def fields(self, change: Change) -> list[Field]:
        """(field, before, after) of each column that changed."""
        return [
            (words.field(name), self._value(change, name, before), self._value(change, name, after))
            for name, (before, after) in change.get("fields", {}).items()
        ]

    def _value(self, change: Change, name: str, logged: Any) -> str | None:
        if _is_key(logged) and (target := self._target(change["entity"], name)):
            return self._name(target, logged)
        return words.value(logged, name, self._currency(change))

    def _currency(self, change: Change) -> str:
        before, after = change.get("fields", {}).get("currency", (None, None))
        known = self._currencies.get(change["entity"], {})
        return str(after or before or known.get(change["id"], ""))

    def _name(self, table: str, key: Any) -> str:
        return self._names.get(table, {}).get(key) or str(key)

    def _target(self, table: str, name: str) -> str:
        """The table whose rows a column names; empty for a column that is no reference."""
        model = self._models.get(table)
        column: Column[Any] | None = model.__table__.c.get(name) if model is not None else None
        if column is None:
            return ""
        foreign = [key.column.table.name for key in column.foreign_keys if key.column.name == "id"]
        return str(column.info.get(REFERS) or "".join(foreign[:1]))

    def _named(self, ctx: Context, table: str, keys: set[int]) -> Mapping[int, str]:
        model = self._models.get(table)
        if model is None:
            return {}
        columns, page = model.__table__.c, _page_of(ctx, table)
        shown: Sequence[str] = [name for name in ("id", "number", *_CALLED) if name in columns]
        place = _place_in(page)
        asked = dict.fromkeys([*shown, place] if place in columns else shown)
        rows = ctx.session.execute(
            select(*(columns[name] for name in asked)).where(
                columns.id.in_(keys), *ctx.visible_conditions(model)
            )
        ).mappings()
        return {row["id"]: _linked(_called(row), page, row.get(place)) for row in rows if _called(row)}

    def _currencies_of(self, ctx: Context, table: str, keys: set[int]) -> Mapping[int, str]:
        model = self._models.get(table)
        if model is None or "currency" not in model.__table__.c:
            return {}
        columns = model.__table__.c
        rows = ctx.session.execute(select(columns.id, columns.currency).where(columns.id.in_(keys)))
        return {row.id: row.currency for row in rows}


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _lacks_currency(change: Change) -> bool:
    fields = change.get("fields", {})
    return "currency" not in fields and any(words.is_amount(name) for name in fields)


def _called(row: RowMapping) -> str:
    name = next((str(row[name]) for name in _CALLED if row.get(name)), "")
    number = str(row.get("number") or "")
    return f"{identifier_text(name)} ({number})" if name and number else identifier_text(name) or number


def _page_of(ctx: Context, table: str) -> str:
    """The address of the page of such rows, as its route is written; empty where there is none or the reader may not open it."""
    for kind in (table, table.partition("_")[2]):
        found = ctx.app.search_kinds.get(kind) or ctx.app.search_lookups.get(kind, ("", None))[1]
        if found is not None:
            return found.page if not found.permission or ctx.actor.may(found.permission) else ""
    return ""


def _place_in(page: str) -> str:
    """The column that fills the one place of an address; empty for an address with several."""
    places = _PLACE.findall(page)
    if len(places) != 1:
        return ""
    return "id" if places[0][1] else str(places[0][0])


def _linked(label: str, page: str, value: Any) -> str:
    if value is None:
        return label
    path = _PLACE.sub(quote(str(value), safe="").replace("\\", "\\\\"), page)
    return Markup('<a href="{}">{}</a>').format(path, label)
