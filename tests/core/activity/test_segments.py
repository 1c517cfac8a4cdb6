"""Old entries leave the database only as a file that proves itself, and the chain holds without them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import select

from trunkline.activity import checking, segments
from trunkline.activity.models import ActivityEntry, ActivitySeal
from trunkline.activity.sealing import seal_batch
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Refused


@pytest.fixture
def sealed(app: App) -> App:
    """Three seals of two entries each."""
    for _seal in range(3):
        for who in ("Ana", "Zoë\u2028"):
            with app.unit_of_work() as ctx, ctx.run("core.customer.edit"):
                ctx.note(None, label=who, reason="called")
        with app.unit_of_work() as ctx:
            seal_batch(ctx)
    return app


def count(app: App, model: type) -> int:
    with app.reading() as ctx:
        return ctx.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.both_databases
def test_what_was_exported_and_proved_may_leave_and_the_chain_still_verifies(
    sealed: App, tmp_path: Path
) -> None:
    path = tmp_path / "segment.jsonl"
    written = segments.export(sealed, utc_now() + timedelta(days=1), path)
    # The newest seal stays: the chain goes on from it.
    assert (written.first_seal, written.last_seal, written.entries, written.findings) == (1, 2, 4, [])
    assert path.stat().st_mode & 0o077 == 0
    assert count(sealed, ActivityEntry) == 6
    segments.remove(sealed, path)
    report = checking.verify(sealed)
    assert (report.findings, report.seals, report.exported, report.entries) == ([], 3, 4, 2)
    # What is left are the two of the newest seal and the entry that tells of the removal.
    assert (count(sealed, ActivityEntry), count(sealed, ActivitySeal)) == (3, 3)
    with sealed.reading() as ctx:
        told = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "core.activity.archive")
        ).one()
    assert (told.subject, told.details["sha256"]) == ("seals 1 to 2", written.file_digest)
    assert segments.read(path).findings == []
    with pytest.raises(Refused, match="No sealed entries are older"):
        segments.export(sealed, utc_now() + timedelta(days=1), tmp_path / "again.jsonl")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda lines: [line.replace("Ana", "Eva") for line in lines], "Entry 1 of seal 1 was altered."),
        (lambda lines: lines[:2] + lines[3:], "Entry 1 of seal 1 is missing."),
        (lambda lines: lines[:-1], "The file has no end: it was cut off."),
        (lambda lines: lines[:4] + lines[-1:], "The file does not reach seal 2."),
        (lambda lines: [*lines, lines[1]], "Line 9 follows the end."),
        (lambda lines: [*lines[:4], "{", *lines[4:]], "Line 5 cannot be read."),
    ],
)  # fmt: skip
def test_a_damaged_segment_is_found_out_and_nothing_is_removed(
    sealed: App, tmp_path: Path, damage: Callable[[list[str]], list[str]], named: str
) -> None:
    path = tmp_path / "segment.jsonl"
    segments.export(sealed, utc_now() + timedelta(days=1), path)
    lines = path.read_text().split("\n")[:-1]
    path.write_text("\n".join(damage(lines)) + "\n")
    assert named in segments.read(path).findings
    with pytest.raises(Refused, match="nothing was removed"):
        segments.remove(sealed, path)
    assert count(sealed, ActivityEntry) == 6


def test_a_segment_is_json_that_others_can_read(sealed: App, tmp_path: Path) -> None:
    path = tmp_path / "segment.jsonl"
    segments.export(sealed, utc_now() + timedelta(days=1), path)
    lines = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
    assert [next(iter(line)) for line in lines] == [
        "segment",
        "seal",
        "entry",
        "entry",
        "seal",
        "entry",
        "entry",
        "end",
    ]
    assert lines[3]["entry"]["of"]["subject"] == "Zoë\u2028"


def test_an_altered_log_is_not_exported_before_somebody_looked(sealed: App, tmp_path: Path) -> None:
    with sealed.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER core_activity_append_only_update")
        connection.exec_driver_sql("UPDATE core_activity SET actor = 'nobody' WHERE id = 1")
    with pytest.raises(Refused, match="Entry 1 of seal 1 was altered"):
        segments.export(sealed, utc_now() + timedelta(days=1), tmp_path / "segment.jsonl")
    assert not (tmp_path / "segment.jsonl").exists()


def test_a_forged_record_of_a_removal_hides_no_gap(sealed: App) -> None:
    with sealed.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER core_activity_append_only_delete")
        connection.exec_driver_sql("DROP TRIGGER core_activity_digest_append_only_delete")
        connection.exec_driver_sql("DELETE FROM core_activity WHERE id < 3")
        connection.exec_driver_sql("DELETE FROM core_activity_digest WHERE entry_id < 3")
        connection.exec_driver_sql(
            "INSERT INTO core_activity_segment (at, first_seal, last_seal, count, file_name, file_digest, proof) "
            "VALUES ('2026-01-01 00:00:00', 1, 1, 2, 'x', 'x', 'x')"
        )
    assert checking.verify(sealed).findings == [
        "The record of removing seals 1 to 1 was altered or forged.",
        "Entry 1 of seal 1 is missing with its digest.",
        "Entry 2 of seal 1 is missing with its digest.",
    ]
