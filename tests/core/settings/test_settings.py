"""Settings: which source wins, what a page can change, and what never shows."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import select
from sqlmodel import col

from trunkline import secrets, trunk
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import UserSession
from trunkline.config import Config
from trunkline.errors import ConfigError, Conflict, NotFound, Refused
from trunkline.jobs.wake import Silent
from trunkline.plugin import Plugin
from trunkline.settings import operations, queries, store
from trunkline.settings.core import CoreSettings
from trunkline.settings.store import Setting, Source, read_settings
from trunkline.testing import Browser, actor_with
from trunkline.web.field_kinds import read_specs

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


class Gateway(BaseModel):
    """Settings as a plugin declares them."""

    address: str = Field("https://gateway.example", title="Address", description="Where payments go.")
    tries: int = Field(3, ge=1, le=9, title="Tries")
    active: bool = Field(False, title="Active")
    countries: list[str] = Field(default=["BR"], title="Countries")
    limit: Decimal = Field(default=Decimal("150.00"), title="Limit")
    token: SecretStr = Field(SecretStr(""), title="Token")


@pytest.fixture
def gateway(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """The system with a plugin of these settings."""
    plugins = [*app.plugins, Plugin("gateway", "Gateway", settings=Gateway)]
    monkeypatch.setattr(App, "plugins", property(lambda self: plugins))
    return app


def values(app: App, config: Config | None = None) -> Gateway:
    with app.database.read() as session:
        return read_settings(session, config or app.config, "gateway", Gateway)


def save(app: App, version: int | None = None, /, **changes: object) -> None:
    with app.unit_of_work() as ctx:
        operations.save(ctx, "gateway", changes, version)


def pinned(app: App, **keys: object) -> Config:
    return app.config.model_copy(update={"plugin": {"gateway": keys}})


def test_a_setting_that_names_nothing_is_refused_and_nothing_is_saved(app: App) -> None:
    wrong = {"geocoding": "nominatin", "sms_transport": "pigeon", "file_megabytes": 5}
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="There is no") as refusal:
        operations.save(ctx, "core", wrong)
    assert sorted(str(fault.field) for fault in (refusal.value, *refusal.value.others)) == [
        "geocoding",
        "sms_transport",
    ]
    with app.unit_of_work() as ctx:
        saved = operations.save(ctx, "core", {"geocoding": "nominatim", "sms_transport": "spool"})
        assert isinstance(saved, CoreSettings)
        assert (saved.geocoding, saved.file_megabytes) == ("nominatim", 20)


@pytest.mark.both_databases
def test_page_wins_over_default_file_over_page_and_variable_over_file(
    gateway: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert values(gateway).tries == 3
    save(gateway, tries=4)
    assert values(gateway).tries == 4
    assert values(gateway, pinned(gateway, tries=5)).tries == 5
    file = tmp_path / "trunkline.toml"
    file.write_text("[plugin.gateway]\ntries = 5\n")
    monkeypatch.setenv("TRUNKLINE_PLUGIN__GATEWAY__TRIES", "6")
    config = Config.load(file)
    assert values(gateway, config).tries == 6
    assert store.source_of(config, "gateway", "tries", {"tries": 4}) is Source.VARIABLE


def test_lists_and_truth_come_from_variables_as_json_and_words(
    gateway: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRUNKLINE_PLUGIN__GATEWAY__COUNTRIES", '["BR", "AR"]')
    monkeypatch.setenv("TRUNKLINE_PLUGIN__GATEWAY__ACTIVE", "true")
    monkeypatch.setenv("TRUNKLINE_CONFIG", "")
    found = values(gateway, Config(data=tmp_path))
    assert (found.countries, found.active) == (["BR", "AR"], True)


def test_an_unknown_setting_in_the_file_is_named_with_the_nearest_known_one(gateway: App) -> None:
    with pytest.raises(ConfigError, match=r"Unknown setting “trys” of gateway.*Did you mean “tries”") as bad:
        values(gateway, pinned(gateway, trys=5))
    assert bad.value.field == "plugin.gateway.trys"


def test_a_value_the_model_refuses_is_named_with_its_place(
    gateway: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"gateway.tries cannot be used.*\[plugin.gateway\]"):
        values(gateway, pinned(gateway, tries=50))
    monkeypatch.setenv("TRUNKLINE_PLUGIN__GATEWAY__TRIES", "many")
    with pytest.raises(ConfigError, match="the variable TRUNKLINE_PLUGIN__GATEWAY__TRIES"):
        values(gateway, pinned(gateway, tries="many"))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"biling": {"due_days": 3}}, "is of no installed plugin. Did you mean “billing”"),
        (
            {"core": {"session_hour": 3}},
            "Unknown setting “session_hour” of core.*Did you mean “session_hours”",
        ),
        ({"core": {"session_hours": 0}}, "core.session_hours cannot be used"),
    ],
)
def test_nothing_starts_with_a_table_that_cannot_be_used(
    config: Config, tables: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        App.start(config.model_copy(update={"plugin": tables}), waker=Silent())


def test_settings_of_a_plugin_that_is_installed_but_off_harm_nobody(config: Config) -> None:
    app = App.start(config.model_copy(update={"plugin": {"billing": {"whatever": 1}}}), waker=Silent())
    assert "billing" not in app.loaded.order
    app.close()


def test_a_saved_value_that_a_newer_model_refuses_falls_back_to_its_default(gateway: App) -> None:
    with gateway.unit_of_work() as ctx:
        ctx.session.add(Setting(owner="gateway", name="tries", value="plenty"))
        ctx.session.add(Setting(owner="gateway", name="address", value="https://other.example"))
        ctx.session.add(Setting(owner="gateway", name="gone", value=1))
    found = values(gateway)
    assert (found.tries, found.address) == (3, "https://other.example")


def test_what_is_saved_holds_within_the_same_unit_of_work(gateway: App) -> None:
    with gateway.unit_of_work() as ctx:
        assert ctx.settings(Gateway).tries == 3
        operations.save(ctx, "gateway", {"tries": 7})
        assert ctx.settings(Gateway).tries == 7


def test_the_same_amount_written_another_way_is_no_change(gateway: App) -> None:
    save(gateway, tries=4, limit=Decimal("150"))
    with gateway.reading() as ctx:
        saved = ctx.session.scalars(select(Setting).where(col(Setting.owner) == "gateway")).all()
        assert [row.name for row in saved] == ["tries"]


def test_a_pinned_setting_cannot_be_saved_and_the_remedy_names_the_place(gateway: App) -> None:
    gateway.config = pinned(gateway, tries=5)
    with pytest.raises(Refused, match=r"\[plugin.gateway\] trunkline.toml") as refused:
        save(gateway, tries=6)
    assert refused.value.field == "tries"


@pytest.mark.parametrize(("changes", "field"), [({"tries": 50}, "tries"), ({"colour": "red"}, "colour")])
def test_bad_values_and_unknown_names_are_refused_by_field(
    gateway: App, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        save(gateway, None, **changes)
    assert refused.value.field == field
    assert values(gateway).tries == 3


def test_settings_of_nobody_are_not_found(gateway: App) -> None:
    with gateway.unit_of_work() as ctx, pytest.raises(NotFound):
        operations.save(ctx, "nobody", {})


@pytest.mark.both_databases
def test_the_second_editor_is_told(gateway: App) -> None:
    save(gateway, tries=4)
    with gateway.reading() as ctx:
        seen = operations.version_of(ctx, "gateway")
    save(gateway, seen, tries=5)
    with pytest.raises(Conflict):
        save(gateway, seen, tries=6)
    assert values(gateway).tries == 5


def test_the_second_editor_reads_beside_each_field_what_it_holds_now(
    gateway: App, staff: Callable[..., Browser]
) -> None:
    browser = staff()
    typed = {"address": "https://gateway.example", "tries": "4", "countries": "BR", "active": ""}
    assert browser.submit("/settings/gateway", {**typed, "version": "0"}).status_code == 200
    told = browser.submit("/settings/gateway", {**typed, "tries": "5", "version": "0"})
    assert told.status_code == 409
    assert "Tries: now “4”." in told.text
    assert "Countries: now" not in told.text
    assert 'value="5"' in told.text
    assert values(gateway).tries == 4


def test_forgetting_goes_back_to_the_default(gateway: App) -> None:
    save(gateway, tries=4)
    with gateway.unit_of_work() as ctx:
        operations.forget(ctx, "gateway", "tries")
    assert values(gateway).tries == 3


@pytest.mark.both_databases
def test_a_secret_is_sealed_in_the_row_bound_to_its_place_and_kept_when_left_blank(gateway: App) -> None:
    save(gateway, token=SecretStr("s3cret-token"))
    save(gateway, token=SecretStr(""), tries=4)
    assert values(gateway).token.get_secret_value() == "s3cret-token"
    with gateway.reading() as ctx:
        row = ctx.session.scalars(select(Setting).where(col(Setting.name) == "token")).one()
    assert "s3cret-token" not in str(row.value)
    with pytest.raises(ConfigError):
        secrets.unseal(row.value, bound_to=store.bound_to("other", "token"))


def test_the_activity_log_says_that_a_secret_changed_but_not_to_what(gateway: App) -> None:
    save(gateway, token="s3cret-token", tries=4)
    with gateway.reading() as ctx:
        entry = ctx.session.scalars(select(ActivityEntry)).one()
    assert entry.details["settings"]["tries"] == "3 → 4"
    assert "token" in entry.details["settings"]
    assert "s3cret" not in str(entry.details)


def test_a_secret_can_be_removed(gateway: App) -> None:
    save(gateway, token="s3cret-token")
    with gateway.unit_of_work() as ctx:
        operations.forget(ctx, "gateway", "token")
    assert values(gateway).token.get_secret_value() == ""


def test_the_page_of_a_plugin_is_made_from_its_schema(gateway: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    assert "Gateway" in browser.get("/settings").text
    shown = browser.get("/settings/gateway").text
    assert "Where payments go." in shown
    saved = browser.submit(
        "/settings/gateway",
        {"address": "https://x.example", "tries": "5", "active": "1", "countries": "BR\nAR", "token": "abc"},
    )
    assert saved.status_code == 200
    found = values(gateway)
    assert (found.tries, found.active, found.countries) == (5, True, ["BR", "AR"])
    assert found.token.get_secret_value() == "abc"
    again = browser.get("/settings/gateway").text
    assert 'value="abc"' not in again
    assert "Leave it blank to keep it." in again
    browser.submit("/settings/gateway", {"address": "https://x.example", "tries": "6", "countries": "BR"})
    assert values(gateway).token.get_secret_value() == "abc"
    assert not values(gateway).active


def test_settings_that_hold_a_secret_ask_for_the_password_once_more(
    gateway: App, staff: Callable[..., Browser]
) -> None:
    boss, auditor = staff(), staff("auditor")
    with gateway.unit_of_work() as ctx:
        for session in ctx.session.scalars(select(UserSession)):
            session.proved_at = None
    for path, status in (("/settings/gateway", 303), ("/settings/core", 200)):
        assert boss.get(path, follow_redirects=False).status_code == status
        assert auditor.get(path, follow_redirects=False).status_code == 200
    boss.submit("/settings/gateway", {"address": "https://evil.example", "tries": "5"}, page="/settings")
    assert values(gateway).address == "https://gateway.example"


def test_a_refused_value_keeps_what_was_typed_and_saves_nothing(
    gateway: App, staff: Callable[..., Browser]
) -> None:
    answer = staff().submit("/settings/gateway", {"address": "https://y.example", "tries": "50"})
    assert answer.status_code == 422
    assert "https://y.example" in answer.text
    assert values(gateway).address == "https://gateway.example"


def test_a_locked_setting_is_shown_with_its_source_and_has_no_field(
    gateway: App, staff: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_PLUGIN__GATEWAY__TRIES", "6")
    gateway.config = pinned(gateway, tries="6", address="https://pinned.example")
    shown = staff().get("/settings/gateway").text
    assert 'name="tries"' not in shown
    assert "TRUNKLINE_PLUGIN__GATEWAY__TRIES" in shown
    assert "[plugin.gateway] trunkline.toml" in shown
    assert "https://pinned.example" in shown
    assert staff().submit("/settings/gateway", {"active": "1"}).status_code == 200
    assert values(gateway).active


def test_whoever_may_only_look_sees_values_but_no_form(gateway: App, staff: Callable[..., Browser]) -> None:
    auditor = staff("auditor")
    shown = auditor.get("/settings/gateway")
    assert "https://gateway.example" in shown.text
    assert 'name="tries"' not in shown.text
    assert auditor.submit("/settings/gateway", {"tries": "5"}, page="/profile").status_code == 403


def test_saving_needs_the_permission_without_http_too(gateway: App) -> None:
    from trunkline.errors import Forbidden

    with gateway.unit_of_work(actor_with("core.settings.view")) as ctx, pytest.raises(Forbidden):
        operations.save(ctx, "gateway", {"tries": 5})


def test_rest_shows_sources_and_no_secret(gateway: App, client: Browser) -> None:
    from trunkline.testing import PASSWORD, create_user

    create_user(gateway, "root@example.com", "administrator")
    login = client.post("/api/v1/auth/login", json={"email": "root@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    changed = client.patch(
        "/api/v1/settings/gateway", json={"values": {"token": "abc", "tries": 4}}, headers=headers
    )
    assert changed.status_code == 200, changed.text
    items = {item["name"]: item for item in changed.json()["items"]}
    assert (items["tries"]["value"], items["tries"]["source"]) == (4, "page")
    assert (items["token"]["value"], items["token"]["is_set"]) == (None, True)
    bad = client.patch("/api/v1/settings/gateway", json={"values": {"tries": 99}}, headers=headers)
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "tries")
    for name in ("token", "tries"):
        assert client.delete(f"/api/v1/settings/gateway/{name}", headers=headers).status_code == 204
    items = {
        item["name"]: item for item in client.get("/api/v1/settings/gateway", headers=headers).json()["items"]
    }
    assert (items["tries"]["value"], items["token"]["is_set"]) == (3, False)
    assert client.delete("/api/v1/settings/gateway/shoes", headers=headers).status_code == 404
    key = client.post("/api/v1/api-keys", json={"name": "script"}, headers=headers).json()["key"]
    forgotten = client.delete("/api/v1/settings/gateway/token", headers={"X-API-Key": key})
    assert forgotten.status_code == 401, "whoever opens another system's key signs in afresh"
    for values, status in (({"token": "xyz"}, 401), ({"tries": 2}, 200)):
        saved = client.patch("/api/v1/settings/gateway", json={"values": values}, headers={"X-API-Key": key})
        assert saved.status_code == status, saved.text


def test_the_system_page_changes_how_long_sessions_live(app: App, staff: Callable[..., Browser]) -> None:
    assert trunk.plugin.settings is CoreSettings
    browser = staff()
    with app.reading() as ctx:
        now = queries.settings_of(ctx, "core").current.model_dump()
    browser.submit("/settings/core", {**now, "session_hours": 2})
    with app.reading() as ctx:
        assert ctx.settings(CoreSettings).session_hours == 2


def test_the_page_tells_who_changed_what_and_hides_secrets(app: App, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        operations.save(ctx, "core", {"staff_idle_minutes": 30, "job_failure_staff": False})
    with app.unit_of_work() as ctx:
        operations.forget(ctx, "core", "staff_idle_minutes")
    page = staff().get("/settings/core").text
    assert "Staff are signed out after: 60 → 30" in page
    assert "Mail failed jobs to those who may retry them: on → off" in page
    assert "Staff are signed out after: back to the default" in page


@pytest.mark.plugins("inventory", "catalog", "provisioning", "billing", "geocoding_google", "ldap", "oidc")
def test_a_setting_that_counts_time_shows_its_unit(app: App) -> None:
    units = ("seconds", "minutes", "hours", "days")
    asked = [
        (plugin.name, spec)
        for plugin in app.plugins
        if plugin.settings is not None
        for spec in read_specs(plugin.settings)
        if spec.name.rpartition("_")[2] in units
    ]
    assert ("provisioning", "timeout_seconds") in {(name, spec.name) for name, spec in asked}
    assert [(name, spec.name) for name, spec in asked if not spec.extra.get("suffix")] == []


def test_over_rest_the_second_of_two_who_save_settings_is_told(gateway: App, client: Browser) -> None:
    from trunkline.testing import PASSWORD, create_user

    create_user(gateway, "root@example.com", "administrator")
    login = client.post("/api/v1/auth/login", json={"email": "root@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    place = "/api/v1/settings/gateway"
    read = client.get(place, headers=headers)
    assert read.headers["etag"] == f'"{read.json()["version"]}"'
    seen = {"If-Match": read.headers["etag"]}
    saved = client.patch(place, json={"values": {"tries": 4}}, headers={**headers, **seen})
    assert saved.status_code == 200
    assert saved.json()["version"] > read.json()["version"]
    late = client.patch(place, json={"values": {"tries": 5}}, headers={**headers, **seen})
    assert late.status_code == 409
    body = {"values": {"tries": 5}, "version": read.json()["version"]}
    assert client.patch(place, json=body, headers=headers).status_code == 409
    assert client.patch(place, json={"values": {"tries": 6}}, headers=headers).status_code == 200
    tries = {item["name"]: item["value"] for item in client.get(place, headers=headers).json()["items"]}[
        "tries"
    ]
    assert tries == 6
