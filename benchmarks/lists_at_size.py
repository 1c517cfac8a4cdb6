"""What the console's lists show at an operator of any size: in every table that a list reads from as many rows as customers.

Which tables these are is asked of the lists that the console knows, and what stands in their columns follows from how they are
declared, so that a list that comes is filled and measured without a word here. Said here is only what cannot be seen: which
tables stay small whatever the size, and which values are common. The database makes the rows, each from its number.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, String, Table, TypeDecorator
from sqlalchemy.sql import visitors

from benchmarks.bulk import Bulk, loading

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trunkline.app import App
    from trunkline.operation import Context

#: Rows of a transaction.
_BLOCK = 100_000
#: Tables that grow with the staff and what it sets up, not with customers.
_FEW = {
    "core_api_key": 200, "core_approval": 10_000, "core_break_glass": 200, "core_impersonation": 10_000, "core_signing_key": 10,
    "core_brand": 200, "core_reseller": 200, "core_webhook": 20, "core_webhook_pause": 10, "inventory_stock": 5,
    "billing_run": 200, "billing_tariff": 200,
}  # fmt: skip
#: Tables whose rows the setup and the operator itself have made.
_MADE = {
    "catalog_identifier", "catalog_price", "catalog_product", "core_customer", "core_customer_tag", "core_role",
    "core_role_grant", "inventory_template",
}  # fmt: skip
#: What most rows hold; the others hold the rest of what the column knows.
_USUAL = {
    "billing_invoice.state": "paid", "catalog_order.state": "completed", "catalog_order_line.state": "completed",
    "core_approval.state": "approved", "core_email.status": "sent", "core_job.state": "succeeded",
    "core_sms.status": "sent", "core_user.status": "active", "inventory_item.state": "assigned",
    "billing_refund.state": "paid", "billing_run.state": "done",
}  # fmt: skip
#: The second most common value stands in one row of so many, and so on.
_SHARES = (7, 30, 900, 5_000, 20_000, 50_000)
#: Words of columns that do not name their own, the usual first.
_KNOWN = {
    "catalog_order_line.action": ("new", "change", "suspend", "resume", "terminate"),
    "billing_posting.ledger": ("receivable", "revenue:recurring", "tax:payable", "unbilled", "cash"),
    "core_event_delivery.event": (
        "customer.changed",
        "invoice.issued",
        "service.activated",
        "payment.received",
        "order.placed",
    ),
    # Few wait or were given up on.
    "core_event_delivery.state": ("delivered", "delivered", "delivered", "pending", "delivered", "parked"),
    "core_customer_duplicate.reasons": (
        "name",
        "email",
        "phone",
        "tax_id",
        "email phone",
        "tax_id email phone name",
    ),
    "core_job.kind": ("core.mail", "catalog.order_line", "sms", "webhook", "geocoding", "export"),
}
#: What JSON that cannot be empty holds.
_WRITTEN = {"core_approval.words": """'{"summary": "Approval ' || n || '", "facts": []}'"""}
#: Columns whose uncommon words stand in other rows than those of the others.
_APART = {"core_job.kind"}
#: Columns that others are computed from, though they may be empty and begin no index.
_FILLED = {"core_contract.ends_on"}
#: Columns with few different words.
_WORDS = {
    "core_activity.actor": 200, "core_activity.operation": 150,
    "core_activity.subject_kind": 20, "core_job.action": 5, "core_job.product": 50,
    "core_job.subject_kind": 10, "core_job_step.target": 500,
}  # fmt: skip
#: Columns said in SQL, of the row's number `n`.
_SAID = {
    # Nothing is sent while it is measured, and what the benchmarks do tells nobody.
    "core_webhook.active": "(1 = 0)", "core_webhook_attempt.status": "200",
    "billing_account.is_default": "(1 = 1)", "billing_invoice.period": "'20' || (19 + n % 2) || '-1' || (n % 3)",
    # Each month once, of which the newest is not long over: the page tells of those since.
    "billing_run.period": "(2010 + n / 12) || CASE WHEN n % 12 < 9 THEN '-0' ELSE '-' END || (1 + n % 12)",
    "core_customer_duplicate.second_id": "n + 1",
    "core_user.email": "'person' || n || '@example.com'",
    "core_user.kind": "CASE WHEN n <= 200 THEN 'staff' WHEN n <= 400 THEN 'service' ELSE 'portal' END",
}  # fmt: skip


def fill_lists(app: "App", customers: int, progress: Callable[[str], None]) -> None:
    """Fill what lists read from, as far as it is empty."""
    from trunkline.operation import SYSTEM

    with app.reading(SYSTEM) as ctx:
        tables, choices = _read_from(ctx)
    filled: list[Table] = []
    for table in tables:
        if table.name in _MADE:
            continue
        with app.reading() as ctx:
            counts = _Counts(ctx)
            rows, there = min(_FEW.get(table.name, customers), customers), counts.of(table)
            if there >= rows:
                continue
            told = {
                column.name: _told(column, counts, choices, app.database.is_sqlite)
                for column in table.columns
            }
        names = [name for name, expression in told.items() if expression]
        with loading(app, table.name) as bulk:
            for first in range(there + 1, rows + 1, _BLOCK):
                series = _series(first, min(first + _BLOCK - 1, rows), bulk)
                values = ", ".join(told[name] for name in names)
                listed = ", ".join(f'"{name}"' for name in names)
                bulk.run(f"INSERT INTO {table.name} ({listed}) {series[0]} SELECT {values} FROM {series[1]}")  # noqa: S608 — names from here
        filled.append(table)
        progress(f"{table.name}: {rows:,} rows")
    if filled and not app.database.is_sqlite:
        with app.database.engine.connect() as opened:
            connection = opened.execution_options(isolation_level="AUTOCOMMIT")
            for table in filled:
                _count_on(connection, table)
            connection.exec_driver_sql("VACUUM ANALYZE")


def _count_on(connection: "Connection", table: Table) -> None:
    """PostgreSQL numbers the next row after those that were put there with their numbers."""
    if table.autoincrement_column is not None:
        key = table.autoincrement_column.name
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key}'), max({key})) FROM {table.name}"  # noqa: S608 — names from here
        )


def _series(first: int, last: int, bulk: Bulk) -> tuple[str, str]:
    if bulk.on_sqlite:
        steps = f"SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}"  # noqa: S608 — two numbers
        return f"WITH RECURSIVE s(n) AS ({steps})", "s"
    return "", f"generate_series({first}::bigint, {last}::bigint) AS n"


# Which tables

Choices = dict[str, Sequence[str]]


def _read_from(ctx: "Context") -> tuple[list[Table], Choices]:
    """The tables of all lists, those they point at first, and the choices that filters offer of their columns."""
    from trunkline.web import keyset

    found: set[Table] = set()
    choices: Choices = {}
    for one in ctx.app.lists.values():
        table, statement = one.table(ctx), one.select(ctx)
        asked: list[Any] = [statement, *(tab.where for tab in table.tabs if tab.where is not None)]
        asked += [item.where(["1"]) for item in table.filters if item.where is not None]
        asked += [find("1") for find in table.finds]
        found.update(place for item in asked for place in _tables(item))
        for item in table.filters:
            if item.kind == "choice" and item.where is None:
                column = item.column if item.column is not None else keyset.expression(statement, item.key)
                values = [str(getattr(value, "value", value)) for value, _label in item.choices]
                choices.update(
                    {_name(part): values for part in visitors.iterate(column) if isinstance(part, Column)}
                )
    needed = list(found)
    for one_table in needed:
        pointed = [key.column.table for key in one_table.foreign_keys if not key.parent.nullable]
        needed += [parent for parent in pointed if parent not in found]
        found.update(pointed)
    order = next(iter(found)).metadata.sorted_tables
    return [table for table in order if table in found], choices


def _tables(clause: Any) -> Iterator[Table]:
    for part in visitors.iterate(clause):
        place = part if isinstance(part, Table) else getattr(part, "table", None)
        if isinstance(place, Table):
            # SQLAlchemy annotates copies of them.
            yield place.metadata.tables[place.name]


def _name(column: "Column[Any]") -> str:
    return f"{column.table.name}.{column.name}"


# What stands in a column


@dataclass(frozen=True)
class _Counts:
    """How many rows a table has; their keys begin at 1."""

    ctx: "Context"

    def of(self, table: Table) -> int:
        key = next(iter(table.primary_key))
        newest = self.ctx.session.execute(table.select().with_only_columns(key).order_by(key.desc()).limit(1))
        return int(newest.scalar() or 0)


def _told(column: "Column[Any]", counts: _Counts, choices: Choices, on_sqlite: bool) -> str:
    """The column in SQL, of the row's number `n`; empty for one that is left out. Raises TypeError for an unknown type."""
    if column.computed is not None:
        return ""
    said = _SAID.get(_name(column))
    if said is not None:
        return said
    if column.foreign_keys:
        return _pointing(column, counts)
    default = getattr(column.default, "arg", None)
    indexed = any(column.name in index.columns for index in column.table.indexes)
    values = _values(column, default, choices)
    if values:
        row = "(n + 3)" if _name(column) in _APART else "n"
        cases = [
            f"WHEN {row} % {share} = 0 THEN '{value}'"
            for value, share in zip(values[1:], _SHARES, strict=False)
        ]
        return f"CASE {' '.join(reversed(cases))} ELSE '{values[0]}' END" if cases else f"'{values[0]}'"
    if column.nullable and not indexed and _name(column) not in _FILLED:
        return ""
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, DateTime):
        return _moment("%Y-%m-%d %H:%M:%S", on_sqlite)
    if isinstance(kind, Date):
        return _moment("%Y-%m-%d", on_sqlite)
    if isinstance(kind, JSON):
        empty = "[]" if callable(default) and isinstance(default(None), list) else "{}"
        written = _WRITTEN.get(_name(column), f"'{empty}'")
        return written if on_sqlite else f"({written})::json"
    if isinstance(kind, Boolean):
        return f"(1 = {int(default)})" if isinstance(default, bool) else "(n % 30 = 0)"
    if isinstance(kind, Integer):
        return _figure(column, default, indexed)
    if isinstance(kind, String):
        return _text(column, default, indexed, kind.length)
    raise TypeError(f"benchmarks.lists_at_size does not know what {column} may hold")


def _pointing(column: "Column[Any]", counts: _Counts) -> str:
    (key,) = column.foreign_keys
    there = 0 if key.column.table is column.table else counts.of(key.column.table)
    return f"1 + (n - 1) % {there}" if there else ""


def _values(column: "Column[Any]", default: object, choices: Choices) -> list[str]:
    """Words that the column knows, the usual one first."""
    known = list(_KNOWN.get(_name(column)) or choices.get(_name(column), ()))
    if not known and isinstance(default, Enum):
        known = [str(one.value) for one in type(default)]
    usual = _USUAL.get(_name(column))
    return [usual, *(value for value in known if value != usual)] if usual else known


def _moment(form: str, on_sqlite: bool) -> str:
    """A minute more with every row."""
    if on_sqlite:
        fraction = " || '.000000'" if "%H" in form else ""
        return f"strftime('{form}', 1546300800 + n * 60, 'unixepoch'){fraction}"
    if "%H" in form:
        return "timestamptz '2019-01-01 00:00:00+00' + n * interval '1 minute'"
    return "date '2019-01-01' + (n / 1440)::int"


def _figure(column: "Column[Any]", default: object, indexed: bool) -> str:
    if column.name == "id" or (column.name.endswith("_id") and default is None):
        return "n"
    if column.name.endswith("_micros") and (default is None or indexed):
        return "(n * 7919 % 100000) * 10000"
    if isinstance(default, int) and not indexed:
        return str(int(default))
    return "n % 1000" if indexed else "1"


def _text(column: "Column[Any]", default: object, indexed: bool, length: int | None) -> str:
    if column.name == "currency":
        return "'BRL'"
    if isinstance(default, str) and not indexed and not column.unique:
        return f"'{default}'"
    words = _WORDS.get(_name(column))
    if words:
        return f"'{column.name} ' || (n % {words})"
    lead = "".join(word[0] for word in column.table.name.split("_")).upper()
    if column.name != "number" and (length is None or length > len(column.name) + 10):
        lead = f"{column.name.capitalize()} "
    return f"'{lead}' || (10000000 + n)" if length is None or length > 10 else "''"
