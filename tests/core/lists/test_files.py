"""Long lists are written to a file by a worker; only who asked fetches it, while they may and while it is kept."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from tests.core.customers.test_customer_pages import add
from trunkline.access.models import Role, UserRole
from trunkline.app import App
from trunkline.lists import working
from trunkline.lists.models import ListRun
from trunkline.testing import Browser, work_until_idle
from trunkline.web import table_view

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


@pytest.mark.both_databases
def test_a_long_list_becomes_a_file_of_its_reader(
    app: App, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_view, "LONG", 2)
    for name in ("=HYPERLINK(1)", "Ana Souza", "Bruno Lima"):
        add(app, name, email="someone@example.com")
    browser, other = staff("supervisor"), staff("supervisor")
    shown = browser.get("/customers").text
    assert 'action="/lists/customers/export"' in shown
    query = re.search(r'name="query" value="([^"]*)"><button class="menu-item"', shown)
    assert query is not None
    asked = browser.submit(
        "/lists/customers/export", {"query": query.group(1), "format": "csv"}, page="/customers"
    )
    assert "The file is being written" in asked.text
    work_until_idle(app)
    path = asked.url.path
    assert "The file is ready" in browser.get(path).text
    file = browser.get(f"{path}/file")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["'=HYPERLINK(1)", "Ana Souza", "Bruno Lima"]
    assert other.get(f"{path}/file").status_code == 404, "it is only for who asked"
    with app.unit_of_work() as ctx:
        run = ctx.session.scalars(select(ListRun)).one()
        supervisor = ctx.session.scalars(select(Role).where(col(Role.name) == "supervisor")).one()
        held = ctx.session.scalars(select(UserRole).where(col(UserRole.user_id) == run.user_id)).one()
        reader = ctx.session.scalars(select(Role).where(col(Role.name) == "care_reader")).one()
        assert held.role_id == supervisor.key
        ctx.session.delete(held)
        ctx.session.add(UserRole(user_id=held.user_id, role_id=reader.key))
    assert browser.get(f"{path}/file").status_code == 403, "rights that are gone close it"


def test_a_file_expires_and_is_removed(app: App, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_view, "LONG", 0)
    add(app, "Ana Souza")
    browser = staff("supervisor")
    query = re.search(
        r'name="query" value="([^"]*)"><button class="menu-item"', browser.get("/customers").text
    )
    assert query is not None
    path = browser.submit(
        "/lists/customers/export", {"query": query.group(1), "format": "xlsx"}, page="/customers"
    ).url.path
    work_until_idle(app)
    assert browser.get(f"{path}/file").content[:2] == b"PK"
    (kept,) = working.folder(app).iterdir()
    with app.unit_of_work() as ctx:
        run = ctx.session.scalars(select(ListRun)).one()
        run.expires_at = ctx.now() - timedelta(minutes=1)
    assert browser.get(f"{path}/file").status_code == 404
    assert "not kept any more" in browser.get(path).text
    app.clock = lambda: run.created_at + timedelta(days=2)
    with app.unit_of_work() as ctx:
        working.forget(ctx)
    assert not kept.exists()
