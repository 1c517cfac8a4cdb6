"""A person with unmistakable values in every column of every table, erased: only what the law keeps may still say them.

The tables come from the schema itself, so that one that is added later is filled as well, and found when nobody erases it.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, MetaData, String, Table, inspect
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from trunkline.activity.checking import verify
from trunkline.activity.sealing import seal_batch
from trunkline.app import App
from trunkline.auth.models import User, UserKind
from trunkline.customers import operations as customers
from trunkline.customers import queries
from trunkline.customers.erasing.operations import erase, look_again
from trunkline.customers.erasing.schemas import EraseCustomer
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.types import EncryptedStr, UtcDateTime
from trunkline.testing import Browser, work_until_idle

#: What every planted value begins with, whatever the column cuts off. Long enough to be found with two mistakes in it: the
#: vocabulary keeps such words in more ways.
MARK = "Zqxwvkjh"
BORN = date(1907, 3, 11)
#: So much a text must hold that a value in it is unmistakable.
_LONG_ENOUGH = 6
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)

#: Where values stay until the retention is over.
FISCAL = {
    "billing_charge.description",
    "billing_entry.text",
    "billing_invoice.customer",
    "billing_invoice.void_reason",
    "billing_invoice_line.description",
    "billing_payment.reference",
    "billing_payment.reverse_reason",
    "billing_refund.failure",
    "billing_refund.reason",
    "billing_refund.reference",
    "billing_usage.carrier",
    "billing_usage.cell",
    "billing_usage.destination",
    "billing_usage.identifier",
    "billing_usage.origin_area",
    "billing_usage.other",
}
#: Contracts prove what was agreed as long.
CONTRACTS = {
    "core_contract.termination_reason",
    "core_contract.title",
    "core_contract_acceptance.accepted_by",
    "core_contract_acceptance.address",
    "core_contract_acceptance.document_name",
    "core_contract_acceptance.reference",
    "core_contract_acceptance.tax_id",
    "core_file.name",
    "core_file.note",
}
KEPT = FISCAL | CONTRACTS
#: Columns of codes, keys and digests, and of what the operator or its staff are called: never a value of the person.
NOT_PERSONAL = {
    "adjusted", "contract_number", "set_by",
    "how", "index_name", "indexation", "indexed_by", "penalty", "printed_terms", "recorded_by", "renewal", "scan_digest",
    "terms_digest",
    "account", "action", "actor_kind", "agent", "asked_by", "billing_invoice_tax.name",
    "catalog_order_line.reason", "catalog_suspension.reason", "change", "channel", "code_digest", "colour",
    "columns", "contributed_by", "core_approval.address", "core_approval.label", "core_impersonation.address",
    "core_impersonation.user_agent", "counts", "credential_id", "csrf_secret", "decided_by", "desk", "digest",
    "engine", "entity", "form", "from_state", "function", "holder_kind", "holder_label", "holds", "host",
    "ignored_by", "job_number", "key_digest", "kind", "language", "last_used_from", "ledger", "level",
    "list_name", "located_by", "locating", "media_type", "merged_by", "message_id", "method", "networks",
    "number", "opened_by", "operation", "operator", "owner", "part", "path", "period", "permission",
    "permissions", "place", "policy", "product", "product_code", "product_name", "provider", "public_key",
    "purpose", "request_id", "revoked_because", "roles", "sealed", "sender", "service", "service_number",
    "sha256", "shown", "source_number", "state", "status", "step", "subject_kind", "subscriber", "switches",
    "target", "template", "time_zone", "to_state", "token_hash", "told_by", "transport", "transports", "type",
    "undone_by", "unique_key", "usage_type", "user_handle", "waits_for",
}  # fmt: skip
#: States in which nothing stands in the way of the erasure.
SETTLED = {
    "core_job.state": "succeeded",
    "core_event_delivery.state": "delivered",
    "core_approval.state": "approved",
    "core_email.status": "sent",
    "core_sms.status": "sent",
    "catalog_service.state": "terminated",
    "catalog_order_line.state": "completed",
    "catalog_order.state": "completed",
    "billing_refund.state": "paid",
    "billing_invoice.state": "paid",
    "billing_invoice.period": "2026-03",
    "core_event.entity": "planted",
    "core_contract.status": "ended",
    "core_file.kind": "contract",
}
#: Who did something, by name: the portal user.
DOERS = {"actor", "on_behalf_of", "placed_by", "made_by", "requested_by", "taken_by", "uploaded_by"}
#: Tables of which a row that names the customer would stand in the way, or that are no row of the person's.
LEFT_OUT = {
    "core_brand",
    "core_break_glass",
    "inventory_item",
    "core_customer_erasure",
    "core_customer",
    "core_user",
    "core_search_document",
}
#: Lists where a JSON column holds no mapping.
_LISTS = {"core_activity.changes", "core_draft.fields", "core_job_step.changes", "core_list_run.query"}


class Planting:
    """Fills every table whose rows lead to the customer or to the portal user."""

    def __init__(self, session: Session, customer: int, user: User, staff: int) -> None:
        self.session, self.count = session, 0
        self.rows: dict[str, dict[str, Any]] = {}
        self.known = {"core_customer": {"id": customer}, "core_user": {"id": user.key}}
        self.staff, self.user_name = staff, user.name
        self.planted: set[str] = set()
        self.about = _about_the_person()

    def plant(self) -> None:
        for table in SQLModel.metadata.sorted_tables:
            if table.name in self.about:
                self._row(table)

    def _row(self, table: Table) -> dict[str, Any]:
        if table.name in self.known:
            return self.known[table.name]
        values = {
            column.name: value for column in table.columns if (value := self._value(table, column)) is not ...
        }
        done: Any = self.session.execute(table.insert().values(values))
        key = done.inserted_primary_key
        self.known[table.name] = values | dict(zip(table.primary_key.columns.keys(), key or (), strict=False))
        return self.known[table.name]

    def _value(self, table: Table, column: Column[Any]) -> Any:
        if column.computed is not None:
            # The database fills it from columns beside it.
            return ...
        if column.foreign_keys:
            return self._referred(table, column)
        name = f"{table.name}.{column.name}"
        if column.name == "customer_id" and table.name in self.about:
            return self.known["core_customer"]["id"]
        if column.name in ("account_id", "service_id") and column.primary_key:
            return self._row(SQLModel.metadata.tables[_OWNERS[column.name]])["id"]
        if name in SETTLED:
            return SETTLED[name]
        if column.name in ("entity_id", "subject_id", "first_id", "source_id"):
            return self.known["core_customer"]["id"]
        return self._plain(table, column, name)

    def _referred(self, table: Table, column: Column[Any]) -> Any:
        [key] = column.foreign_keys
        other = key.column.table
        if column.name in ("staff_id", "asked_by_id", "decided_by_id"):
            return self.staff
        if table.name in self.about and (other.name in self.known or other.name in self.about):
            return self._row(other)[key.column.name] if other is not table else None
        return None if column.nullable else self._row(other)[key.column.name]

    def _plain(self, table: Table, column: Column[Any], name: str) -> Any:
        self.count += 1
        kind = column.type
        if column.name in DOERS:
            self.planted.add(name)
            return self.user_name
        if column.name in ("actor_id", "on_behalf_of_id"):
            return self.known["core_user"]["id"]
        if isinstance(kind, EncryptedStr):
            # Nobody reads it in the database; what it is sealed in goes or is emptied with its row.
            return None if column.nullable else f"{MARK} sealed"
        if isinstance(kind, JSON):
            return self._json(table, name)
        if isinstance(kind, UtcDateTime):
            return AT
        if isinstance(kind, Date):
            return BORN if column.name == "birth_date" else AT.date()
        if isinstance(kind, Boolean):
            return False
        if isinstance(kind, Float):
            return 1.0
        if _is_text(column):
            return self._text(table, column, name)
        if isinstance(kind, Integer) or kind.python_type is int:
            one = column.primary_key and len(table.primary_key.columns) > 1
            if column.primary_key and not one:
                return ... if table.name != "core_activity_digest" else self.count
            return 1 if one or column.name in ("seq", "version", "schema_version") else 0
        return ...

    def _json(self, table: Table, name: str) -> Any:
        if not self._is_personal(table, table.c[name.rpartition(".")[2]]):
            return {}
        self.planted.add(name)
        value = f"{MARK} {name}"
        if name == "core_activity.changes":
            return [{"entity": "planted", "id": 1, "action": "changed", "fields": {"name": [value, value]}}]
        return [[value, value]] if name in _LISTS else {"planted": value, "list": [value]}

    def _is_personal(self, table: Table, column: Column[Any]) -> bool:
        names = {column.name, f"{table.name}.{column.name}"}
        return table.name in self.about and not names & NOT_PERSONAL

    def _text(self, table: Table, column: Column[Any], name: str) -> str:
        length = getattr(column.type, "length", None) or 60
        if self._is_personal(table, column) and length >= _LONG_ENOUGH:
            self.planted.add(name)
            return f"{MARK}{self.count} {name}"[:length]
        return f"p{self.count}"[:length] if column.name != "country" else "BR"


_OWNERS = {"account_id": "billing_account", "service_id": "catalog_service"}


def _is_text(column: Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl_instance", column.type), String)


def _about_the_person() -> set[str]:
    """Tables whose rows lead, by foreign keys or by the name of a column, to the customer or to who signs in for them."""
    about: set[str] = {"core_customer"}
    while True:
        more = {
            table.name
            for table in SQLModel.metadata.tables.values()
            if table.name not in about | LEFT_OUT
            and ("customer_id" in table.c or any(_leads(column, about) for column in table.columns))
        }
        if not more:
            return about - LEFT_OUT
        about |= more


def _leads(column: Column[Any], about: set[str]) -> bool:
    others = {key.column.table.name for key in column.foreign_keys}
    # What survives its user is staff's work.
    theirs = any(key.ondelete != "SET NULL" for key in column.foreign_keys)
    return bool(others & about) or (column.name == "user_id" and "core_user" in others and theirs)


def _tables_of(app: App) -> Iterator[tuple[Table, Any]]:
    """Every table that the database has, the search's own among them."""
    with app.database.read() as session:
        connection = session.connection()
        metadata = MetaData()
        for name in inspect(connection).get_table_names():
            if name.startswith(("search_words", "search_numbers")):
                continue
            table = Table(name, metadata, autoload_with=connection)
            yield table, connection


def _found(app: App, *words: str) -> set[str]:
    """`table.column` of everything in the database that says one of the words."""
    found = set()
    for table, connection in _tables_of(app):
        for row in connection.execute(table.select()).mappings():
            for name, value in row.items():
                said = json.dumps(value, default=str, ensure_ascii=False).casefold()
                if any(word.casefold() in said for word in words):
                    found.add(f"{table.name}.{name}")
    return found


def _person(app: App) -> tuple[str, Planting]:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer(
            kind=CustomerKind.INDIVIDUAL,
            name=f"{MARK}a {MARK}b",
            birth_date=BORN,
            email=f"{MARK}@example.com",
        )
        number = customers.register(ctx, command).number
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        customer = queries.get(ctx, number)
        user = User(email=f"{MARK}u@example.com", name=f"{MARK}u {MARK}v", kind=UserKind.PORTAL)
        user.customer_id = customer.key
        staff = User(email="staff@example.com", name="Staff")
        ctx.session.add_all([user, staff])
        for field in ("legal_name", "tax_id", "identity_document", "state_registration", "website", "notes"):
            setattr(customer, field, f"{MARK} {field}")
        user.phone, user.pending_email, user.preferences = f"{MARK}phone", f"{MARK}p@e.com", {"a": MARK}
        ctx.session.flush()
        planting = Planting(ctx.session, customer.key, user, staff.key)
        planting.plant()
    with app.unit_of_work() as ctx:
        seal_batch(ctx)
    return number, planting


@pytest.mark.both_databases
def test_after_an_erasure_only_fiscal_documents_say_anything_of_the_person(app: App) -> None:
    number, planting = _person(app)
    before = _found(app, MARK, BORN.isoformat())
    # Every value is there to be found, and in the search's own tables too.
    assert planting.planted - before == set()
    assert {"search_text.words", "search_typo.word", "core_customer.birth_date"} <= before
    with app.unit_of_work() as ctx:
        erase(ctx, number, EraseCustomer(confirm=number))
    left = _found(app, MARK, BORN.isoformat())
    assert sorted(left - KEPT) == []
    assert sorted(KEPT - left) == []
    assert verify(app).findings == []
    work_until_idle(app)
    assert _found(app, MARK, BORN.isoformat()) == KEPT


@pytest.mark.both_databases
def test_the_rest_goes_when_the_retention_is_over(app: App, staff: Callable[..., Browser]) -> None:
    number, _planting = _person(app)
    browser = staff("supervisor")
    page = browser.get(f"/customers/{number}/erase").text
    assert [
        word for word in ('datetime="2031-12-31"', "Fiscal document", "Erase for ever") if word not in page
    ] == []
    with app.unit_of_work() as ctx:
        erase(ctx, number, EraseCustomer(confirm=number))
    with app.unit_of_work() as ctx:
        ctx.clock = lambda: datetime(2031, 12, 31, 12, tzinfo=UTC)
        look_again(ctx)
    assert _found(app, MARK) == KEPT
    assert 'are kept until <time datetime="2031-12-31"' in browser.get(f"/customers/{number}").text
    with app.unit_of_work() as ctx:
        ctx.clock = lambda: datetime(2032, 1, 1, 12, tzinfo=UTC)
        look_again(ctx)
    assert _found(app, MARK) == set()


def test_a_table_of_which_nobody_says_what_becomes_of_it_stands_in_the_way(app: App) -> None:
    from trunkline.errors import Refused

    number, _planting = _person(app)
    table = Table(
        "catalog_planted_diary",
        SQLModel.metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", Integer),
        Column("text", String(100)),
    )
    try:
        with app.unit_of_work() as ctx:
            table.create(ctx.session.connection())
            key = queries.get(ctx, number).key
            ctx.session.execute(table.insert().values(id=1, customer_id=key, text=MARK))
        with app.unit_of_work() as ctx, pytest.raises(Refused, match="catalog_planted_diary"):
            erase(ctx, number, EraseCustomer(confirm=number))
    finally:
        SQLModel.metadata.remove(table)
