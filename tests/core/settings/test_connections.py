"""Connections are tried from the settings page: it says in words what happened, and never a secret."""

import sys
from collections.abc import Callable, Iterator

import pytest
from sqlmodel import select

from tests.services.redis_server import CLIENT, RedisServer, redis_server
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.errors import Unavailable
from trunkline.operation import Context
from trunkline.plugin import ConnectionCheck
from trunkline.settings.connections import checks_of
from trunkline.testing import Browser

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


def closed(ctx: Context) -> str:
    raise Unavailable("The gateway says no to hunter2-token.", remedy="Ask its people.")


@pytest.fixture
def with_secret(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    mail = app.config.mail.model_copy(update={"password": "hunter2-token"})
    monkeypatch.setattr(app, "config", app.config.model_copy(update={"mail": mail}))
    checks_of(app, "core").append(ConnectionCheck("gateway", "Gateway", closed))
    return app


def test_the_page_says_what_happened(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    assert "Test connection: Mail" in browser.get("/settings/core").text
    answer = browser.submit("/settings/core/connections/mail", page="/settings/core")
    assert "No mail server is configured: messages are kept in" in answer.text
    answer = browser.submit("/settings/core/connections/redis", page="/settings/core")
    assert "No Redis is configured" in answer.text
    assert browser.submit("/settings/core/connections/fax", page="/settings/core").status_code == 404


def test_a_mail_server_that_is_not_there_is_named_with_the_remedy(
    app: App, staff: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = app.config.mail.model_copy(update={"host": "127.0.0.1", "port": 9, "security": "none"})
    monkeypatch.setattr(app, "config", app.config.model_copy(update={"mail": mail}))
    answer = staff().submit("/settings/core/connections/mail", page="/settings/core")
    assert "The mail server 127.0.0.1:9 does not answer: Connection refused." in answer.text
    assert "Check [mail] host, port and security." in answer.text


@pytest.fixture
def redis(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """The one of the configuration. Its client is loaded for this test only."""
    before = set(sys.modules)
    with redis_server() as server:
        server.start()
        monkeypatch.syspath_prepend(str(server.client))
        monkeypatch.setattr(app, "config", app.config.model_copy(update={"redis": server.url()}))
        yield server
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in CLIENT:
            del sys.modules[name]


@pytest.mark.peer("redis-server")
def test_a_redis_answers_wants_a_password_or_is_gone(
    redis: RedisServer, staff: Callable[..., Browser]
) -> None:
    browser, place = staff(), redis.url().removeprefix("redis://").removesuffix("/0")

    def told() -> str:
        return str(browser.submit("/settings/core/connections/redis", page="/settings/core").text)

    assert f"Redis at {place} answers." in told()
    redis.ask("config", "set", "requirepass", "hunter2-token")
    wanted = told()
    assert f"Redis at {place} does not answer: Authentication required." in wanted
    assert "Check the address and the password in trunkline.toml" in wanted
    redis.stop()
    assert f"Redis at {place} does not answer" in told()


def test_neither_the_page_nor_the_log_repeats_a_secret(
    with_secret: App, staff: Callable[..., Browser]
) -> None:
    answer = staff().submit("/settings/core/connections/gateway", page="/settings/core")
    assert "The gateway says no to •••." in answer.text
    assert "Ask its people." in answer.text
    with with_secret.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "core.settings.test")
        ).one()
    assert entry.details == {"works": False, "answer": "The gateway says no to •••."}


def test_only_who_may_change_settings_tests_and_nobody_without_end(
    app: App, staff: Callable[..., Browser]
) -> None:
    reader, browser = staff("supervisor"), staff()
    assert "Test connection" not in reader.get("/settings/core").text
    path = "/settings/core/connections/mail"
    assert reader.submit(path, page="/settings/core").status_code == 403
    statuses = [browser.submit(path, page="/settings/core").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_a_program_tries_connections_too(with_secret: App, program: Callable[..., Browser]) -> None:
    api = program()
    names = {item["name"] for item in api.get("/api/v1/settings/core/connections").json()["items"]}
    assert {"mail", "redis", "gateway"} <= names
    mail = api.post("/api/v1/settings/core/connections/mail")
    assert (mail.status_code, mail.json()["works"]) == (200, True)
    gateway = api.post("/api/v1/settings/core/connections/gateway").json()
    assert gateway["works"] is False
    assert gateway["message"] == "The gateway says no to •••."
    assert gateway["remedy"] == "Ask its people."
    assert api.post("/api/v1/settings/core/connections/fax").status_code == 404
    assert program("auditor").post("/api/v1/settings/core/connections/mail").status_code == 403
