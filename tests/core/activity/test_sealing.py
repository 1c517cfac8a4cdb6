"""Whatever is done to the log behind the application's back, the verification names it."""
# ruff: noqa: S608 — the statements are these tests' own

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from trunkline import secrets
from trunkline.activity import chain, checking, nightly
from trunkline.activity.heads import FILE, Head
from trunkline.activity.models import ActivityEntry
from trunkline.activity.sealing import seal_batch
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.db import append_only
from trunkline.plugin import Health
from trunkline.testing import PASSWORD, Browser, create_user

Tamper = Callable[[str], None]


def write(app: App, count: int, *, name: str = "Ana") -> None:
    """So many entries of one operation each, and a seal over them."""
    for _number in range(count):
        with app.unit_of_work() as ctx, ctx.run("core.customer.edit"):
            ctx.note(None, reason=f"{name} called")
            ctx.running.details["who"] = name  # type: ignore[union-attr]  # an operation runs


def seal(app: App) -> int:
    with app.unit_of_work() as ctx:
        return seal_batch(ctx)


@pytest.fixture
def tamper(app: App) -> Tamper:
    """Runs SQL as somebody who owns the database and knows of the triggers."""

    def run(statement: str) -> None:
        with app.database.engine.begin() as connection:
            if app.database.is_sqlite:
                kept = connection.execute(
                    text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                ).all()
                for name, _sql in kept:
                    connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
                connection.exec_driver_sql(statement)
                for _name, sql in kept:
                    connection.exec_driver_sql(sql)
            else:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.exec_driver_sql(statement)

    return run


@pytest.fixture
def sealed(app: App) -> App:
    """Three seals of three entries each: 1–3, 4–6, 7–9."""
    for _seal in range(3):
        write(app, 3)
        assert seal(app) == 3
    return app


def problems(app: App) -> list[str]:
    return checking.verify(app).findings


@pytest.mark.both_databases
def test_an_untouched_log_verifies(sealed: App) -> None:
    write(sealed, 2)
    report = checking.verify(sealed)
    assert (report.findings, report.seals, report.entries, report.waiting) == ([], 3, 9, 2)


@pytest.mark.both_databases
def test_whatever_was_done_to_the_tables_is_named(sealed: App, tamper: Tamper) -> None:
    for _seal in range(3):
        write(sealed, 3)
        seal(sealed)
    for statement in (
        "UPDATE core_activity SET actor = 'nobody' WHERE id = 1",
        "UPDATE core_activity SET details = '{}' WHERE id = 2",
        "DELETE FROM core_activity WHERE id = 3",
        "DELETE FROM core_activity_digest WHERE entry_id = 4",
        # Two entries change places.
        "UPDATE core_activity SET id = -1 WHERE id = 5",
        "UPDATE core_activity SET id = 5 WHERE id = 6",
        "UPDATE core_activity SET id = 6 WHERE id = -1",
        "UPDATE core_activity_seal SET count = 2 WHERE number = 3",
        "DELETE FROM core_activity_seal WHERE number = 4",
        "UPDATE core_activity_digest SET seal_no = 6 WHERE entry_id = 14",
        "UPDATE core_activity_digest SET salt = 'no salt' WHERE entry_id = 17",
    ):
        tamper(statement)
    assert problems(sealed) == [
        "Seal 3 was altered.",
        "Seal 4 is missing.",
        "Entry 1 of seal 1 was altered.",
        "Entry 2 of seal 1 was altered.",
        "Entry 3 of seal 1 is missing.",
        "Entry 5 of seal 2 was altered.",
        "Entry 6 of seal 2 was altered.",
        "Entry 4 of seal 2 is missing with its digest.",
        "Entry 14 of seal 5 is missing with its digest.",
        "Entry 14 was inserted into seal 6.",
        "Entry 17 of seal 6 was altered.",
        "The digests of seal 6 were altered.",
    ]


@pytest.mark.both_databases
def test_an_entry_inserted_for_the_past_is_named_sealed_or_not(sealed: App, tamper: Tamper) -> None:
    copied = ", ".join(field for field in chain.FIELDS if field not in ("id", "at"))
    before = utc_now() - timedelta(days=2)
    tamper(
        f"INSERT INTO core_activity (id, at, {copied}) SELECT 10, '{before:%Y-%m-%d %H:%M:%S}', {copied} "
        "FROM core_activity WHERE id = 1"
    )
    assert "Entry 10 is dated" in problems(sealed)[0]
    assert seal(sealed) == 1
    assert "it was inserted" in problems(sealed)[0]


@pytest.mark.both_databases
def test_a_cut_off_end_is_named_by_the_head_noted_outside(sealed: App, tamper: Tamper) -> None:
    head = checking.verify(sealed).head
    for statement in (
        "DELETE FROM core_activity WHERE id > 6",
        "DELETE FROM core_activity_digest WHERE entry_id > 6",
        "DELETE FROM core_activity_seal WHERE number = 3",
    ):
        tamper(statement)
    assert ["The log ends at seal 2" in problem for problem in problems(sealed)] == [True]
    # A head copied from the log stream proves it where the file is gone too.
    (sealed.config.data / FILE).unlink()
    assert problems(sealed) == []
    assert head is not None
    report = checking.verify(sealed, known_heads=[head])
    assert ["The log ends at seal 2" in problem for problem in report.findings] == [True]


def test_an_end_that_was_sealed_anew_is_not_the_one_that_was_noted(sealed: App, tamper: Tamper) -> None:
    tamper("DELETE FROM core_activity_digest WHERE seal_no = 3")
    tamper("DELETE FROM core_activity_seal WHERE number = 3")
    tamper("UPDATE core_activity SET actor = 'nobody' WHERE id = 8")
    assert seal(sealed) == 3
    assert problems(sealed) == ["Seal 3 is not the one whose head was noted: the log was rewritten."]


@pytest.mark.both_databases
def test_an_entry_that_commits_late_below_sealed_keys_is_sealed_all_the_same(
    sealed: App, tamper: Tamper
) -> None:
    # As after a long unit of work on PostgreSQL: key 10 was given out before 11 to 13, and committed after them.
    write(sealed, 1)
    tamper("UPDATE core_activity SET id = 14 WHERE id = 10")
    assert seal(sealed) == 1
    tamper(
        "INSERT INTO core_activity SELECT 10, "
        + ", ".join(field for field in _columns() if field != "id")
        + " FROM core_activity WHERE id = 14"
    )
    assert seal(sealed) == 1
    assert problems(sealed) == []


def _columns() -> list[str]:
    return [column.name for column in ActivityEntry.__table__.columns]  # type: ignore[attr-defined]  # SQLModel's types hide it


@pytest.mark.both_databases
def test_the_application_itself_can_neither_change_nor_delete_nor_replace(sealed: App) -> None:
    for table, key in (
        ("core_activity", "id"),
        ("core_activity_digest", "entry_id"),
        ("core_activity_seal", "number"),
    ):
        replacing = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {key} = 1"
        for attempt in (
            f"UPDATE {table} SET {key} = {key}",
            f"DELETE FROM {table}",
            replacing if sealed.database.is_sqlite else f"TRUNCATE {table}",
        ):
            with pytest.raises(DBAPIError, match="only ever added"), sealed.unit_of_work() as ctx:
                ctx.session.execute(text(attempt))
    assert problems(sealed) == []


@pytest.mark.both_databases
def test_a_lost_trigger_shows_on_the_status_page(sealed: App) -> None:
    name, sqlite = "core_activity_append_only", sealed.database.is_sqlite
    with sealed.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"DROP TRIGGER {name}_update" if sqlite else f"DROP TRIGGER {name} ON core_activity"
        )
    with sealed.reading() as ctx:
        report = nightly.health_checks(ctx)[0]
    assert (report.health, "core_activity can be changed" in report.detail) == (Health.FAILED, True)
    with sealed.unit_of_work() as ctx:
        assert append_only.restore(ctx.session.connection()) == ["core_activity"]
    with pytest.raises(DBAPIError, match="only ever added"), sealed.unit_of_work() as ctx:
        ctx.session.execute(text("UPDATE core_activity SET id = id"))
    with sealed.reading() as ctx:
        assert append_only.missing(ctx.session.connection()) == []


def test_the_period_says_whose_entries_are_verified(sealed: App, tamper: Tamper) -> None:
    tamper("UPDATE core_activity SET actor = 'nobody' WHERE id = 5")
    tomorrow = utc_now() + timedelta(days=1)
    assert checking.verify(sealed, period=checking.Period(since=tomorrow)).problems == 0
    assert checking.verify(sealed, period=checking.Period(until=tomorrow)).problems == 1


def test_a_seal_of_another_key_is_no_proof(sealed: App) -> None:
    with secrets.temporary_keyring():
        found = problems(sealed)
    assert "another key" in found[0]


@given(st.sets(st.integers(1, 10**6)))
def test_ranges_say_exactly_which_keys(keys: set[int]) -> None:
    assert chain.from_ranges(chain.as_ranges(sorted(keys))) == keys


@given(
    st.dictionaries(
        st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), max_size=4
    ),
    st.sampled_from([name for name in chain.FIELDS if name not in ("changes", "details")]),
)
@settings(max_examples=40)
def test_every_field_of_an_entry_is_in_its_digest(details: dict[str, object], field: str) -> None:
    with secrets.temporary_keyring():
        sealer = chain.Sealer()
    entry = dict.fromkeys(chain.FIELDS, "x") | {"details": details}
    salt = "00" * 16
    digest = sealer.digest(chain.payload(entry), salt)
    assert sealer.digest(chain.payload(entry), salt) == digest
    assert sealer.digest(chain.payload(entry | {field: "y"}), salt) != digest
    assert sealer.digest(chain.payload(entry | {"details": details | {"more": 1}}), salt) != digest
    assert sealer.digest(chain.payload(entry), "01" * 16) != digest


def test_a_head_reads_as_it_is_written() -> None:
    head = Head(12, "ab" * 32)
    assert Head.read(f" {head}\n") == head


def test_a_program_watches_how_far_the_log_is_sealed(sealed: App, client: Browser) -> None:
    report = checking.verify(sealed)
    create_user(sealed, "auditor@example.com", "auditor")
    body = {"email": "auditor@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    state = client.get("/api/v1/activity/seals", headers={"Authorization": f"Bearer {token}"}).json()
    assert (state["seals"], state["head"], state["sealed_at"] is not None) == (3, str(report.head), True)
    assert state["waiting"] >= 1, "signing in waits for a seal"
