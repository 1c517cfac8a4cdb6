"""`/system` and `/system/plugins`: what they show, and to whom."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.config import Config
from trunkline.jobs.wake import Silent
from trunkline.testing import Browser, create_user
from trunkline.web.app import make_web

Staff = Callable[..., Browser]


@pytest.mark.both_databases
def test_every_plugin_has_a_page_with_what_it_brings(app: App, staff: Staff) -> None:
    browser = staff()
    overview = browser.get("/system/plugins").text
    for status in app.loaded.enabled:
        assert f'href="/system/plugins/{status.name}"' in overview
        page = browser.get(f"/system/plugins/{status.name}")
        assert page.status_code == 200
        assert status.version in page.text
        for permission in ("catalog.product.list",) if status.name == "catalog" else ():
            assert permission in page.text
    inventory = browser.get("/system/plugins/inventory").text
    for fact in ("inventory_item", "/api/v1/inventory", "Required by", "catalog"):
        assert fact in inventory


@pytest.mark.plugins
@pytest.mark.both_databases
def test_the_system_page_shows_checks_queue_and_versions(app: App, staff: Staff) -> None:
    page = staff().get("/system").text
    database = "SQLite" if app.database.is_sqlite else "PostgreSQL"
    for fact in ("Database", "Schema", "Up to date.", "Jobs waiting", "Trunkline", "Python", database):
        assert fact in page


@pytest.mark.plugins
def test_an_unknown_plugin_has_no_page(staff: Staff) -> None:
    assert staff().get("/system/plugins/nobody").status_code == 404


@pytest.mark.plugins
@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("supervisor", 200), ("customer_care", 403)])
def test_who_may_look(staff: Staff, role: str, status: int) -> None:
    browser = staff(role)
    for path in ("/system", "/system/plugins"):
        assert browser.get(path).status_code == status
    assert ('href="/system"' in browser.get("/").text) is (status == 200)


@pytest.mark.plugins
def test_who_only_looks_may_not_retry(staff: Staff) -> None:
    auditor = staff("auditor")
    assert auditor.submit("/system/deliveries/retry", page="/system").status_code == 403


@pytest.mark.plugins
def test_retrying_when_nothing_is_parked_says_so(staff: Staff) -> None:
    answer = staff().submit("/system/deliveries/retry", page="/system")
    assert answer.status_code == 422
    assert "No delivery is parked." in answer.text


@pytest.mark.plugins("inventory")
def test_tables_of_a_plugin_that_is_off_are_shown_with_the_way_out(app: App, config: Config) -> None:
    without = App.start(config.model_copy(update={"plugins": ()}), waker=Silent())
    create_user(without, "chief@example.com", "administrator")
    with Browser(make_web(without), base_url="http://testserver") as browser:
        page = browser.sign_in("chief@example.com").get("/system/plugins").text
    assert "inventory_item" in page
    assert "trunkline plugin purge inventory" in page
    without.close()


def test_programs_read_how_the_system_and_its_plugins_are(app: App, program: Staff) -> None:
    api = program("auditor")
    system = api.get("/api/v1/system").json()
    checks = {check["name"]: check["health"] for check in system["checks"]}
    assert checks["Schema"] == "ok"
    assert system["jobs"]["running"] == 0
    assert system["versions"]["Python"]
    listed = {plugin["name"]: plugin for plugin in api.get("/api/v1/system/plugins").json()["items"]}
    assert {status.name for status in app.loaded.enabled} <= set(listed)
    assert listed["catalog"]["state"] == "enabled"
    assert listed["catalog"]["requires"] == ["inventory"]
    catalog = api.get("/api/v1/system/plugins/catalog").json()
    assert "catalog_product" in catalog["tables"]
    assert "billing" in catalog["required_by"]
    assert {"methods": "GET", "path": "/catalog/products", "permission": "catalog.product.list"} in catalog[
        "pages"
    ]
    assert api.get("/api/v1/system/plugins/nobody").status_code == 404
    assert api.get("/api/v1/system/deliveries").json()["items"] == []


@pytest.mark.plugins
def test_programs_need_the_same_permissions(program: Staff) -> None:
    assert program("customer_care").get("/api/v1/system").status_code == 403
    assert program("auditor").post("/api/v1/system/deliveries/retry").status_code == 403
    retried = program().post("/api/v1/system/deliveries/retry")
    assert (retried.status_code, retried.json()) == (202, {"retried": 0})


@pytest.mark.plugins
def test_plugins_that_are_off_are_described_in_the_readers_language(app: App, staff: Staff) -> None:
    browser = staff()
    with app.unit_of_work() as ctx:
        for user in ctx.session.scalars(select(User)):
            user.language = "pt_BR"
    overview, page = browser.get("/system/plugins").text, browser.get("/system/plugins/ldap").text
    assert app.loaded.statuses["ldap"].module is None
    for shown in (overview, page):
        assert "Diretório (LDAP)" in shown
        assert "As pessoas entram com sua conta de um diretório LDAP" in shown
        assert "People sign in" not in shown


@pytest.mark.plugins("inventory")
def test_a_script_whose_hook_nobody_calls_is_shown_with_it(app: App, config: Config, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    told = "from trunkline.plugin import hookimpl\n\n@hookimpl{mark}\ndef {hook}(ctx, event): ...\n"
    (scripts / "misspelt.py").write_text(told.format(mark="", hook="on_purchase_seen"))
    (scripts / "foreseen.py").write_text(told.format(mark="(optionalhook=True)", hook="on_purchase_seen"))
    # Catalog is installed and off, so the hook may be one of its own.
    lenient = config.model_copy(update={"extensions": scripts, "strict_plugins": False})
    second = App.start(lenient, waker=Silent())
    create_user(second, "chief@example.com", "administrator")
    with Browser(make_web(second), base_url="http://testserver") as browser:
        browser.sign_in("chief@example.com")
        assert "Nobody calls on_purchase_seen" in browser.get("/system/plugins/extension_misspelt").text
        assert "Nobody calls" not in browser.get("/system/plugins/extension_foreseen").text
        assert browser.get("/system/plugins").text.count("Running, with failures") == 1
    second.close()
