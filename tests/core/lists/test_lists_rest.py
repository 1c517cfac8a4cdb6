"""Saved views and work on many rows over REST."""

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.customers.test_customer_pages import add
from trunkline.app import App
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
_VIEWS, _TAG = "/api/v1/lists/customers/views", "/api/v1/lists/customers/actions/core.customer_tag"
Program = Callable[..., Browser]


@pytest.fixture
def program(app: App, make_client: Callable[[], Browser]) -> Program:
    """`program("role")` is a client with a token of somebody with that role."""
    count = iter(range(100))

    def signed_in(role: str = "customer_care") -> Browser:
        email = f"{role}-{next(count)}@example.com"
        create_user(app, email, role)
        client = make_client()
        answer = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    return signed_in


def _fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["errors"]]


@pytest.mark.both_databases
def test_a_view_is_ones_own_until_it_is_shared(program: Program) -> None:
    supervisor, care = program("supervisor"), program()
    wish = {"name": "Firms", "query": "kind=business&cursor=abc", "opens": True}
    saved = supervisor.post(_VIEWS, json=wish)
    assert saved.status_code == 201, saved.text
    assert (saved.json()["query"], saved.json()["opens"], saved.json()["mine"]) == (
        "kind=business",
        True,
        True,
    )
    one = f"/api/v1/saved-views/{saved.json()['id']}"
    assert care.get(_VIEWS).json()["items"] == []
    version = {"If-Match": f'"{saved.json()["version"]}"'}
    assert care.patch(one, json={"opens": True}, headers=version).status_code == 404
    shared = supervisor.patch(one, json={"shared": True}, headers=version).json()
    late = supervisor.patch(one, json={"name": "Late"}, headers=version)
    assert late.status_code == 409
    version = {"If-Match": f'"{shared["version"]}"'}
    assert (shared["name"], shared["query"], shared["shared"], shared["opens"]) == (
        "Firms",
        "kind=business",
        True,
        True,
    )
    [seen] = care.get(_VIEWS).json()["items"]
    assert (seen["name"], seen["mine"], seen["opens"]) == ("Firms", False, False)
    assert seen["version"] == shared["version"]
    assert care.patch(one, json={"opens": True}, headers=version).json()["opens"] is True
    assert care.patch(one, json={"name": "Taken over"}, headers=version).status_code == 403
    assert care.delete(one).status_code == 403
    assert care.post(_VIEWS, json={"name": "For all", "shared": True}).status_code == 403
    assert supervisor.delete(one).status_code == 204
    assert care.get(_VIEWS).json()["items"] == []


def test_a_view_of_a_list_one_may_not_open_is_refused_and_a_name_counts_once(program: Program) -> None:
    care = program()
    assert care.post("/api/v1/lists/users/views", json={"name": "All"}).status_code == 403
    assert care.post("/api/v1/lists/nothing/views", json={"name": "All"}).status_code == 404
    assert care.post(_VIEWS, json={"name": "Firms"}).status_code == 201
    assert _fields(care.post(_VIEWS, json={"name": "firms"})) == ["name"]


def test_columns_are_kept_and_an_unknown_one_is_refused(program: Program) -> None:
    care, place = program(), "/api/v1/lists/customers/columns"
    assert care.get(place).json() == {"columns": []}
    assert care.patch(place, json={"columns": ["name", "status"]}).json() == {"columns": ["name", "status"]}
    assert care.get(place).json() == {"columns": ["name", "status"]}
    assert _fields(care.patch(place, json={"columns": ["shoe"]})) == ["columns"]
    assert _fields(care.patch(place, json={"columns": ["x" * 40] * 60})) == ["columns"]


def test_lists_say_what_may_be_done_to_their_rows(program: Program) -> None:
    listed = {one["name"]: one for one in program().get("/api/v1/lists").json()["items"]}
    assert "users" not in listed
    actions = {one["name"]: one["values"] for one in listed["customers"]["actions"]}
    assert actions["core.customer_tag"]["required"] == ["text"]
    assert "name" in listed["customers"]["columns"]


@pytest.mark.both_databases
def test_rows_are_worked_on_and_each_says_what_became_of_it(app: App, program: Program) -> None:
    ana, beto = add(app, "Ana Souza"), add(app, "Beto Lima")
    add(app, "Carla Dias")
    care = program()
    values, key = {"text": "vip"}, {"Idempotency-Key": "tag-them"}
    wish = {"rows": {"numbers": [ana, beto]}, "values": values}
    begun = care.post(_TAG, json=wish, headers=key)
    assert begun.status_code == 202, begun.text
    run = f"/api/v1/list-runs/{begun.json()['number']}"
    assert (begun.json()["state"], begun.json()["total"]) == ("waiting", 2)
    assert care.post(_TAG, json=wish, headers=key).json()["number"] == begun.json()["number"]
    assert {one["outcome"] for one in care.get(f"{run}/rows").json()["items"]} == {"waiting"}
    work_until_idle(app)
    ended = care.get(run).json()
    assert (ended["state"], ended["done"], ended["failed"]) == ("done", 2, 0)
    rows = care.get(f"{run}/rows?outcome=done").json()["items"]
    assert [row["label"].partition(" (")[0] for row in rows] == ["Ana Souza", "Beto Lima"]
    assert care.get(f"{run}/rows?outcome=failed").json()["items"] == []
    tagged = care.get("/api/v1/customers?tag=vip").json()
    assert sorted(one["number"] for one in tagged["items"]) == sorted([ana, beto])
    assert program("dealer").get(run).status_code == 404
    assert care.post(f"{run}/stop").status_code == 422, "it is over"


def test_a_selection_by_filters_is_that_of_the_list_and_holds_the_number_that_was_meant(
    app: App, program: Program
) -> None:
    add(app, "Ana Souza")
    add(app, "Padaria Estrela", kind="business", legal_name="Padaria Estrela Ltda")
    care, values = program(), {"text": "firm"}
    rows: dict[str, Any] = {"filters": {"kind": "business"}, "count": 2}
    assert _fields(care.post(_TAG, json={"rows": rows, "values": values})) == ["count"]
    assert _fields(care.post(_TAG, json={"rows": {**rows, "filters": {"knd": "x"}}, "values": values})) == [
        "knd"
    ]
    assert care.post(_TAG, json={"rows": {"filters": {}}, "values": values}).status_code == 422
    begun = care.post(_TAG, json={"rows": {**rows, "count": 1}, "values": values})
    assert begun.status_code == 202, begun.text
    work_until_idle(app)
    tagged = care.get("/api/v1/customers?tag=firm").json()["items"]
    assert [one["name"] for one in tagged] == ["Padaria Estrela"]


def test_what_is_wrong_with_a_run_is_said_before_it_begins(app: App, program: Program) -> None:
    number, care = add(app, "Ana Souza"), program()
    rows = {"numbers": [number]}
    assert _fields(care.post(_TAG, json={"rows": rows, "values": {}})) == ["values.text"]
    assert _fields(care.post(_TAG, json={"rows": {"numbers": ["C999999"]}, "values": {"text": "vip"}})) == [
        "numbers"
    ]
    nothing = care.post("/api/v1/lists/customers/actions/core.nothing", json={"rows": rows})
    assert nothing.status_code == 404
    warehouse = program("warehouse")
    assert warehouse.post(_TAG, json={"rows": rows, "values": {"text": "vip"}}).status_code == 403


def test_disabling_many_users_wants_a_fresh_sign_in(app: App, program: Program) -> None:
    place = "/api/v1/lists/users/actions/core.user_disable"
    clerk = create_user(app, "clerk@example.com", "customer_care")
    boss = program("administrator")
    key = boss.post("/api/v1/api-keys", json={"name": "script"}).json()["key"]
    wish = {"rows": {"ids": [clerk]}}
    by_key = boss.post(place, json=wish, headers={"X-API-Key": key, "Authorization": ""})
    assert by_key.status_code == 401
    assert "insufficient_user_authentication" in by_key.headers["www-authenticate"]
    assert boss.post(place, json=wish).status_code == 202
    work_until_idle(app)
    assert boss.get(f"/api/v1/users/{clerk}").json()["status"] == "disabled"
    assert _fields(boss.post(place, json={"rows": {"ids": [clerk, 999]}})) == ["count"]
    both = {"rows": {"ids": [clerk], "filters": {}, "count": 1}}
    assert boss.post(place, json=both).status_code == 422


def _table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.both_databases
def test_a_list_is_taken_as_a_file_with_its_filters_sort_and_columns(app: App, program: Program) -> None:
    add(app, "Ana Souza")
    add(app, "Beto Lima")
    add(app, "=Padaria", kind="business", legal_name="Padaria Estrela Ltda")
    boss, place = program("administrator"), "/api/v1/lists/customers/rows.csv"
    assert [row["Name"] for row in _table(boss.get(f"{place}?sort=name"))] == [
        "'=Padaria",
        "Ana Souza",
        "Beto Lima",
    ]
    fetched = boss.get(f"{place}?sort=-name&kind=individual&q=")
    assert [row["Name"] for row in _table(fetched)] == ["Beto Lima", "Ana Souza"]
    assert fetched.headers["content-disposition"] == 'attachment; filename="customers.csv"'
    brought = next(column for more in app.list_columns["customers"] for column in more.columns)
    assert str(brought.label) in _table(boss.get(f"{place}?cols={brought.key}"))[0]
    book = zipfile.ZipFile(io.BytesIO(boss.get(f"{place[:-3]}xlsx?kind=individual").content))
    cells = b"".join(book.read(name) for name in book.namelist() if name.endswith(".xml"))
    assert (b"Beto Lima" in cells, b"Padaria" in cells) == (True, False)


@pytest.mark.plugins("inventory", "catalog", "provisioning", "billing")
def test_every_list_has_its_file_but_the_log_which_has_one_of_its_own(app: App, program: Program) -> None:
    boss = program("administrator")
    names = {one["name"] for one in boss.get("/api/v1/lists").json()["items"]}
    assert {"webhooks", "resellers", "inventory-stocks", "provisioning-rollouts"} <= names
    without = [
        name for name in sorted(names) if boss.get(f"/api/v1/lists/{name}/rows.csv").status_code != 200
    ]
    assert without == ["activity"]


def test_a_file_of_a_list_is_refused_to_whom_its_page_refuses_it_and_for_what_the_list_does_not_know(
    app: App, program: Program
) -> None:
    boss, place = program("administrator"), "/api/v1/lists/customers/rows.csv"
    for query in ("shoe=1", "sort=shoe", "view=shoe", "cols=shoe", "status=shoe", "limit=5"):
        faults = boss.get(f"{place}?{query}")
        assert _fields(faults)[0] in query
    assert boss.get("/api/v1/lists/shoes/rows.csv").status_code == 404
    assert boss.get("/api/v1/lists/activity/rows.csv").status_code == 404, "the log has a file of its own"
    dealer = program("dealer")
    assert dealer.get("/api/v1/customers").status_code == 200
    assert dealer.get(place).status_code == 403, "who may see customers may not take files of them"
    assert dealer.get("/api/v1/lists/users/rows.csv").status_code == 403


def test_a_file_of_a_view_holds_its_rows_and_one_without_a_view_holds_all(app: App, program: Program) -> None:
    add(app, "Ana Souza", status="active")
    add(app, "Beto Lima", status="pending")
    boss, place = program("administrator"), "/api/v1/lists/customers/rows.csv"
    assert len(_table(boss.get(place))) == 2
    assert [row["Name"] for row in _table(boss.get(f"{place}?view=active"))] == ["Ana Souza"]
