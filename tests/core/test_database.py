"""A database that cannot be reached is told from a statement that it refuses: the one says nothing about who asked."""

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.services.loopback import free_port
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.db.engine import Database
from trunkline.db.numbers import Counter
from trunkline.db.prepared import Prepared, columns
from trunkline.operation import SYSTEM

pytestmark = pytest.mark.plugins()
_COUNTER = columns(Counter)
_LAST = Prepared(select(_COUNTER.last).where(_COUNTER.kind == bindparam("kind")))
_ENTRY = columns(ActivityEntry)
_OPERATION = Prepared(select(_ENTRY.operation).where(_ENTRY.id == bindparam("key")))


@pytest.mark.parametrize("way", ["read", "write"])
def test_one_that_lets_nobody_in_is_away_as_one_that_breaks_off_is(way: str) -> None:
    database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(OperationalError) as refused, getattr(database, way)() as session:
        session.connection()
    assert refused.value.connection_invalidated
    database.dispose()


@pytest.mark.both_databases
def test_a_worker_plans_anew_nothing_that_it_asks_again_and_again(app: App) -> None:
    database = Database(app.config.database_url, pool_size=1)
    database.keep_statements()
    for number in range(12):
        with database.read() as session:
            assert not _LAST.found(session.connection(), kind="of")
            assert (
                session.scalar(text("SELECT CAST(:number AS integer) + 1"), {"number": number}) == number + 1
            )
            # What is only read throws changes away, as ever.
            session.execute(text("UPDATE core_counter SET last = last + 1"))
            session.execute(
                text("INSERT INTO core_counter (kind, last) VALUES (:kind, 1)"), {"kind": f"of {number}"}
            )
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM core_counter WHERE kind LIKE 'of %'")) == 0
        if not database.is_sqlite:
            kept = "SELECT count(*) FROM pg_prepared_statements WHERE generic_plans > 0 AND statement ~ '[+] 1|kind ='"
            assert session.scalar(text(kept)) == 3
    with database.read() as session, pytest.raises(DBAPIError):
        session.execute(text("SELECT nothing FROM nowhere"))
    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.dispose()


@pytest.mark.both_databases
def test_keys_of_every_size_share_one_plan(app: App) -> None:
    database = Database(app.config.database_url, pool_size=1)
    for key in (1_000, 40_000, 3_000_000_000) * 4:
        with database.read() as session:
            assert not _OPERATION.found(session.connection(), key=key)
    if not database.is_sqlite:
        with database.read() as session:
            kept = session.execute(text("SELECT parameter_types[1]::text FROM pg_prepared_statements"))
            assert kept.scalars().all() == ["bigint"]
    with database.read() as session, pytest.raises((DBAPIError, OverflowError)):
        _OPERATION.found(session.connection(), key=2**70)
    database.dispose()


@pytest.mark.both_databases
def test_only_what_is_written_out_once_is_planned_once(app: App) -> None:
    database = Database(app.config.database_url, pool_size=1)
    for number in range(12):
        with database.read() as session:
            found = session.scalar(text("SELECT CAST(:number AS integer) + 1"), {"number": number})
            assert found == number + 1
            session.execute(text("INSERT INTO core_counter (kind, last) VALUES ('x', :n)"), {"n": number})
            assert [row.last for row in _LAST.found(session.connection(), kind="x")] == [number]
    with database.read() as session:
        assert not _LAST.found(session.connection(), kind="x")
        if not database.is_sqlite:
            kept = session.execute(text("SELECT statement, generic_plans FROM pg_prepared_statements")).all()
            assert [("core_counter" in statement, plans > 0) for statement, plans in kept] == [(True, True)]
    with database.read() as session, pytest.raises(DBAPIError):
        session.execute(text("SELECT nothing FROM nowhere"))
    with database.read() as session:
        assert not _LAST.found(session.connection(), kind="x")
    database.dispose()


@pytest.mark.both_databases
def test_a_connection_that_is_broken_off_is_made_anew_unnoticed_with_its_plans(app: App) -> None:
    database = Database(app.config.database_url, pool_size=1)
    for _ in range(2):
        for _ in range(4):
            with database.read() as session:
                assert not _LAST.found(session.connection(), kind="x")
        if not database.is_sqlite:
            with database.read() as session:
                server = session.scalar(text("SELECT pg_backend_pid()"))
            with app.database.read() as session:
                assert session.scalar(text("SELECT pg_terminate_backend(:server, 10000)"), {"server": server})
    database.dispose()


@pytest.mark.both_databases
def test_a_connection_that_is_lost_in_a_unit_of_work_is_what_its_maker_hears_of(app: App) -> None:
    if app.database.is_sqlite:  # it has no connection to lose
        return

    def lose() -> None:
        with app.database.write() as session:
            server = session.scalar(text("SELECT pg_backend_pid()"))
            with app.database.read() as other:
                assert other.scalar(text("SELECT pg_terminate_backend(:server, 10000)"), {"server": server})
            session.add(Counter(kind="x", last=1))
            session.flush()

    with pytest.raises(OperationalError) as lost:
        lose()
    assert lost.value.connection_invalidated
    with app.database.read() as session:
        assert not _LAST.found(session.connection(), kind="x")


@pytest.mark.both_databases
def test_a_connection_that_is_lost_between_two_questions_of_a_page_is_what_the_page_hears_of(
    app: App,
) -> None:
    if app.database.is_sqlite:  # it has no connection to lose
        return

    def lose() -> None:
        with app.database.read() as session:
            assert not _LAST.found(session.connection(), kind="x")
            server = session.scalar(text("SELECT pg_backend_pid()"))
            with app.database.read() as other:
                assert other.scalar(text("SELECT pg_terminate_backend(:server, 10000)"), {"server": server})
            _LAST.found(session.connection(), kind="x")

    with pytest.raises(OperationalError) as lost:
        lose()
    assert lost.value.connection_invalidated
    with app.database.read() as session:
        assert not _LAST.found(session.connection(), kind="x")


@pytest.mark.both_databases
def test_a_plan_of_a_table_that_has_changed_fails_once(app: App) -> None:
    if app.database.is_sqlite:  # it notices by itself
        return
    database = Database(app.config.database_url, pool_size=1)

    def ask(times: int) -> None:
        for _ in range(times):
            with database.read() as session:
                assert not _LAST.found(session.connection(), kind="x")

    ask(4)
    with app.database.write() as session:
        session.execute(text("ALTER TABLE core_counter ALTER COLUMN last TYPE numeric"))
    with pytest.raises(DBAPIError, match="cached plan"):
        ask(1)
    ask(4)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 1
    database.dispose()


@pytest.mark.both_databases
def test_who_asks_for_no_transaction_gets_none_and_leaves_an_ordinary_connection(app: App) -> None:
    at_work = "SELECT 1" if app.database.is_sqlite else "VACUUM core_role"
    with app.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(at_work)
    with app.unit_of_work(SYSTEM, request_id="t", keep=False) as ctx:
        ctx.session.execute(text("UPDATE core_role SET description = 'lost'"))
    with app.reading() as ctx:
        assert ctx.session.scalar(text("SELECT count(*) FROM core_role WHERE description = 'lost'")) == 0


@pytest.mark.both_databases
def test_nothing_is_compiled_before_it_is_read(app: App) -> None:
    if not app.database.is_sqlite:  # it compiles nothing
        with app.database.read() as session:
            assert session.scalar(text("SHOW jit")) == "off"
