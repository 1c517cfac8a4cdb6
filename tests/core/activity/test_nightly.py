"""Every night the log is verified; who must know is told, once, by mail and on the status page. The command line says it too."""
# ruff: noqa: S608 — the statements are these tests' own

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from trunkline.activity import commands, nightly
from trunkline.activity.models import ActivityCheck
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.jobs.sweeper import run_scheduled
from trunkline.mail.models import Email
from trunkline.plugin import Health
from trunkline.testing import Browser, create_user, work_until_idle

NOW = [datetime(2026, 3, 1, 7, tzinfo=UTC)]


@pytest.fixture
def clock() -> Clock:
    # Four in the morning in São Paulo.
    NOW[0] = datetime(2026, 3, 1, 7, tzinfo=UTC)
    return lambda: NOW[0]


@pytest.fixture
def night(app: App) -> Callable[[], None]:
    """Lets a day pass, and its night's work be done."""

    def pass_by() -> None:
        NOW[0] += timedelta(days=1)
        run_scheduled(app)
        work_until_idle(app)

    return pass_by


def alter(app: App, key: int = 1) -> None:
    with app.database.engine.begin() as connection:
        trigger = "core_activity_append_only_update"
        (sql,) = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{trigger}'").one()
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql(f"UPDATE core_activity SET actor = 'nobody' WHERE id = {key}")
        connection.exec_driver_sql(sql)


def act(app: App) -> None:
    with app.unit_of_work() as ctx, ctx.run("core.customer.edit"):
        ctx.note(None, reason="called")


def health(app: App) -> tuple[Health, str]:
    with app.reading() as ctx:
        report = nightly.health_checks(ctx)[0]
    return report.health, report.detail


def mails(app: App) -> list[tuple[str, str]]:
    with app.reading() as ctx:
        statement = select(Email).where(col(Email.template) == "core/mail/activity_altered")
        return [
            (mail.recipient, mail.text) for mail in ctx.session.scalars(statement.order_by(col(Email.id)))
        ]


def test_a_whole_log_is_verified_every_night_and_its_head_written_to_the_log_stream(
    app: App, night: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    act(app)
    with caplog.at_level(logging.INFO, "trunkline.activity"):
        night()
        act(app)
        night()
    with app.reading() as ctx:
        checks = list(ctx.session.scalars(select(ActivityCheck).order_by(col(ActivityCheck.id))))
    assert [(check.problems, check.seals) for check in checks] == [(0, 1), (0, 2)]
    assert [f"activity log head {check.head}" for check in checks] == [
        record.message for record in caplog.records if "head" in record.message
    ]
    assert health(app)[0] is Health.OK
    assert mails(app) == []
    NOW[0] += timedelta(days=3)
    assert health(app) == (Health.WARNING, "Not verified for two days.")


def test_a_changed_entry_is_mailed_to_administrators_once_and_stays_on_the_status_page(
    app: App, night: Callable[[], None], staff: Callable[..., Browser]
) -> None:
    create_user(app, "chief@example.com", "administrator")
    create_user(app, "care@example.com", "customer_care")
    act(app)
    act(app)
    night()
    alter(app)
    night()
    night()
    ((recipient, text),) = mails(app)
    assert recipient == "chief@example.com"
    assert "Entry 1 of seal 1 was altered." in text
    assert health(app)[0] is Health.FAILED
    assert "Entry 1 of seal 1 was altered." in staff("auditor").get("/activity/seals").text
    alter(app, 2)
    night()
    assert len(mails(app)) >= 2


def test_the_command_line_names_what_was_changed_with_exit_status_one(
    app: App, night: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_app", lambda: app)
    act(app)
    night()
    runner = CliRunner()
    good = runner.invoke(commands.activity_app, ["verify"])
    assert (good.exit_code, "All is as it was" in good.output) == (0, True)
    head = good.output.splitlines()[-1].removeprefix("Head ")
    assert runner.invoke(commands.activity_app, ["verify", "--head", head]).exit_code == 0
    forged = head.split(":")[0] + ":" + "0" * 64
    assert runner.invoke(commands.activity_app, ["verify", "--head", forged]).exit_code == 1
    alter(app)
    bad = runner.invoke(commands.activity_app, ["verify", "--from", "2026-01-01", "--to", "2026-12-31"])
    assert bad.exit_code == 1
    assert "Entry 1 of seal 1 was altered." in bad.output
