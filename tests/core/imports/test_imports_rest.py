"""Bringing files in over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from tests.core.imports.test_imports import BAD_ROWS, GOOD
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
_PLACE = "/api/v1/imports"
Program = Callable[[str], Browser]


@pytest.fixture
def program(app: App, make_client: Callable[[], Browser]) -> Program:
    """`program("role")` is a client with a token of somebody with that role."""

    def signed_in(role: str) -> Browser:
        create_user(app, f"{role}@example.com", role)
        client = make_client()
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    return signed_in


def _upload(client: Browser, content: str, **fields: str) -> Any:
    files = {"file": ("customers.csv", content.encode(), "text/csv")}
    return client.post(_PLACE, data={"kind": "customers", **fields}, files=files)


@pytest.mark.both_databases
def test_a_file_is_checked_looked_at_and_let_in(app: App, program: Program) -> None:
    api = program("supervisor")
    sent = _upload(api, BAD_ROWS)
    assert sent.status_code == 202, sent.text
    one = f"{_PLACE}/{sent.json()['number']}"
    assert sent.json()["state"] == "checking"
    assert api.post(f"{one}/import").status_code == 422
    work_until_idle(app)
    checked = api.get(one).json()
    assert (checked["state"], checked["error"]) == ("checked", "")
    report = checked["report"]
    assert (report["read"], report["created"], report["refused"]) == (7, 2, 4)
    assert [row["column"] for row in report["rows"]] == ["tax_id", "kind", "name", "number"]
    assert api.get("/api/v1/customers").json()["total"] == 0, "nothing is in before somebody says so"
    errors = api.get(f"{one}/errors")
    assert (errors.status_code, errors.headers["content-type"].partition(";")[0]) == (200, "text/csv")
    assert errors.text.splitlines()[0].startswith("line,column,reason,number,kind")
    assert api.post(f"{one}/import").json()["state"] == "importing"
    work_until_idle(app)
    assert api.get(one).json()["state"] == "completed"
    assert api.get("/api/v1/customers").json()["total"] == 2
    assert [run["number"] for run in api.get(_PLACE).json()["items"]] == [sent.json()["number"]]
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "core.import.use")
        ).first()
        assert entry is not None
        assert entry.actor_kind == "api"


def test_kinds_say_which_columns_they_take(program: Program) -> None:
    [customers] = [
        one
        for one in program("supervisor").get(f"{_PLACE}/kinds").json()["items"]
        if one["kind"] == "customers"
    ]
    columns = {one["name"]: one["required"] for one in customers["columns"]}
    assert (columns["kind"], columns["name"], columns["phone"]) == (True, True, False)


def test_what_cannot_be_used_names_its_field(program: Program) -> None:
    api = program("supervisor")
    for fields, wrong in (({"kind": "custmers"}, "kind"), ({"format": "xml"}, "format")):
        answer = _upload(api, GOOD, **fields)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, wrong)
    assert _upload(api, "").json()["errors"][0]["field"] == "file"
    assert api.get(f"{_PLACE}/I999999/errors").status_code == 404


def test_who_may_not_import_that_kind_neither_sends_nor_reads_it(app: App, program: Program) -> None:
    number = _upload(program("supervisor"), GOOD).json()["number"]
    warehouse = program("warehouse")
    assert _upload(warehouse, GOOD).status_code == 403
    assert warehouse.get(f"{_PLACE}/{number}").status_code == 403
    assert warehouse.get(_PLACE).json()["items"] == []
    work_until_idle(app)
    assert warehouse.post(f"{_PLACE}/{number}/import").status_code == 403
    assert program("cashier").get(_PLACE).status_code == 403
