"""What a page asks about a row as it asked about the one before is asked together, and answered as if it were not."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.engine import Database
from trunkline.db.haste import within
from trunkline.db.prepared import Prepared, columns

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
_CUSTOMER = columns(Customer)
_HAS_KEY = _CUSTOMER.id == bindparam("key")
_NAME = Prepared(select(_CUSTOMER.name).where(_HAS_KEY))
_EMAIL = Prepared(select(_CUSTOMER.email).where(_HAS_KEY))
_ABOVE = Prepared(
    select(_CUSTOMER.id).where(_CUSTOMER.id > bindparam("key"), _CUSTOMER.name != bindparam("other"))
)


@pytest.fixture
def keys(app: App) -> list[int]:
    with app.unit_of_work() as ctx:
        return [
            operations.register(
                ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=f"Ana {n}", email=f"{n}@example.com")
            ).key
            for n in range(4)
        ]


@pytest.fixture
def database(app: App) -> Iterator[Database]:
    database = Database(app.config.database_url, pool_size=1)
    yield database
    database.dispose()


_BY_NAME = Prepared(select(_CUSTOMER.id, _CUSTOMER.email).where(_CUSTOMER.name == bindparam("name")))
_WHO = Prepared(select(_CUSTOMER.number).where(_CUSTOMER.number == bindparam("token")))


def named_page(database: Database, name: str) -> tuple[str, str]:
    """What a page reads that first looks who asks, and then for what its address names."""
    with database.read("named", [name]) as session:
        connection = session.connection()
        _WHO.found(connection, token="C000001")
        (found,) = _BY_NAME.found(connection, name=name)
        (again,) = _NAME.found(connection, key=found.id)
        return again.name, found.email


def page(database: Database, key: int, other: str = "nobody") -> tuple[str, str, int]:
    """What a page about one row reads."""
    with database.read("page") as session:
        connection = session.connection()
        (name,) = _NAME.found(connection, key=key)
        (email,) = _EMAIL.found(connection, key=key)
        return name.name, email.email, len(_ABOVE.found(connection, key=key, other=other))


def test_each_row_has_the_answers_of_its_own(database: Database, keys: list[int]) -> None:
    for _ in range(4):
        assert [page(database, key) for key in keys] == [
            (f"Ana {n}", f"{n}@example.com", 3 - n) for n in range(4)
        ]
    assert [page(database, keys[0], f"Ana {n}")[2] for n in (0, 1, 2, 7)] == [3, 2, 2, 3]


def test_the_same_question_about_two_rows_has_two_answers(database: Database, keys: list[int]) -> None:
    for n in (0, 1, 2, 0, 1, 2):
        with database.read("two") as session:
            connection = session.connection()
            found = [_NAME.found(connection, key=key)[0].name for key in (keys[n], keys[3])]
            emails = [_EMAIL.found(connection, key=key)[0].email for key in (keys[3], keys[n], keys[3])]
        assert found == [f"Ana {n}", "Ana 3"]
        assert emails == ["3@example.com", f"{n}@example.com", "3@example.com"]


def test_what_is_asked_each_time_is_asked_together(
    database: Database, keys: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:  # it is asked without a way to go
        return
    from trunkline.db.statements import Statements

    for key in keys:
        page(database, key)
    monkeypatch.setattr(Statements, "_alone", lambda self, question: pytest.fail("asked by itself"))
    assert page(database, keys[1]) == ("Ana 1", "1@example.com", 2)


def test_what_the_address_names_is_asked_for_together_with_who_asks(
    database: Database, keys: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in (0, 1, 2, 3, 1, 0):
        assert named_page(database, f"Ana {n}") == (f"Ana {n}", f"{n}@example.com")
    if database.is_sqlite:
        return
    together = noted(monkeypatch, "_together")
    alone = noted(monkeypatch, "_alone")
    assert named_page(database, "Ana 2") == ("Ana 2", "2@example.com")
    assert ([len(questions) for questions in together], len(alone)) == ([2], 1)


def noted(monkeypatch: pytest.MonkeyPatch, way: str) -> list[Any]:
    """What is asked in this way from now on."""
    from trunkline.db.statements import Statements

    asked: list[Any] = []
    usual = getattr(Statements, way)

    def ask(self: Statements, questions: Any) -> Any:
        asked.append(questions)
        return usual(self, questions)

    monkeypatch.setattr(Statements, way, ask)
    return asked


def test_an_address_that_names_nothing_leaves_the_next_page_as_it_was(
    database: Database, keys: list[int]
) -> None:
    for name in ("Ana 1", "Ana 2", "Ana 3"):
        named_page(database, name)
    with pytest.raises(ValueError, match="unpack"):
        named_page(database, "nobody")
    assert named_page(database, "Ana 0") == ("Ana 0", "0@example.com")


def test_a_page_that_only_asks_needs_no_transaction(database: Database, keys: list[int]) -> None:
    if database.is_sqlite:
        return
    from psycopg.pq import TransactionStatus

    def status(session: Session) -> int:
        raw: Any = session.connection().connection.driver_connection
        return int(raw.pgconn.transaction_status)

    for key in (keys[0], keys[1], keys[2]):
        with database.read("page") as session:
            _NAME.found(session.connection(), key=key)
            _EMAIL.found(session.connection(), key=key)
            assert status(session) == TransactionStatus.IDLE
            # What else it asks begins one, which ends with the page.
            assert within(session, 30, lambda: session.scalar(text("SELECT 1"))) == 1
            assert status(session) == TransactionStatus.INTRANS
            assert _NAME.found(session.connection(), key=key)[0].name.startswith("Ana")
        with database.read() as session:
            assert _NAME.found(session.connection(), key=key)[0].name.startswith("Ana")
            assert status(session) == TransactionStatus.INTRANS


def test_a_connection_that_was_lost_between_two_pages_is_made_anew_unnoticed(
    app: App, database: Database, keys: list[int]
) -> None:
    if database.is_sqlite:
        return
    for n in range(4):
        assert page(database, keys[n])[0] == f"Ana {n}"
        with database.read() as session:
            server = session.scalar(text("SELECT pg_backend_pid()"))
        with app.database.read() as other:
            assert other.scalar(text("SELECT pg_terminate_backend(:server, 10000)"), {"server": server})


def test_a_question_that_fails_is_told_to_nobody_but_who_asks_it(database: Database, keys: list[int]) -> None:
    if database.is_sqlite:
        return
    for key in keys:
        page(database, key)
    with database.write() as session:
        session.execute(text("ALTER TABLE core_customer RENAME COLUMN email TO elsewhere"))
    for key in (keys[0], keys[0], keys[1], keys[1]):
        with database.read("page") as session:
            connection = session.connection()
            assert _NAME.found(connection, key=key)[0].name.startswith("Ana")
            with pytest.raises(DBAPIError, match="email"):
                _EMAIL.found(connection, key=key)
    with database.write() as session:
        session.execute(text("ALTER TABLE core_customer RENAME COLUMN elsewhere TO email"))
    for _ in range(3):
        assert page(database, keys[2]) == ("Ana 2", "2@example.com", 1)


def test_a_connection_that_is_lost_meanwhile_is_what_the_page_hears_of(
    app: App, database: Database, keys: list[int]
) -> None:
    if database.is_sqlite:
        return
    for key in keys:
        page(database, key)

    def lose() -> None:
        with database.read("page") as session:
            server = session.scalar(text("SELECT pg_backend_pid()"))
            with app.database.read() as other:
                assert other.scalar(text("SELECT pg_terminate_backend(:server, 10000)"), {"server": server})
            _NAME.found(session.connection(), key=keys[0])

    with pytest.raises(OperationalError) as lost:
        lose()
    assert lost.value.connection_invalidated
    assert page(database, keys[2]) == ("Ana 2", "2@example.com", 1)
