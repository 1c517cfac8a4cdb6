"""What a page asks about a row as it asked about the one before is asked together, and answered as if it were not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.engine import Database
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
