"""What every list of every plugin keeps: its sorts walk an index, its page and its files ask for their permissions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from starlette.datastructures import QueryParams

from trunkline.access.models import Role, RoleGrant
from trunkline.app import App
from trunkline.lists import ListOf
from trunkline.operation import Context
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web import keyset
from trunkline.web.tables import Table

Staff = Callable[..., Browser]


def _role(app: App, *permissions: str) -> str:
    """A role that grants just these."""
    with app.unit_of_work() as ctx:
        role = Role(name=f"only_{len(permissions)}", label="Only", description="")
        ctx.session.add(role)
        ctx.session.flush()
        ctx.session.add_all(RoleGrant(role_id=role.key, permission=name) for name in permissions)
        return role.name


def _lists(ctx: Context) -> Iterator[tuple[ListOf, Table]]:
    for found in ctx.app.lists.values():
        yield found, found.table(ctx)


def _sorts(table: Table) -> set[str]:
    return {column.sort_key for column in table.columns if column.sort_key} | {table.sort.lstrip("-")}


def _plan(ctx: Context, found: ListOf, table: Table, sort: str) -> str:
    """How SQLite answers the first page in this order."""
    statement = keyset.ordered(found.select(ctx), sort, table.id_key)[0].limit(51)
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    rows = ctx.session.connection().execute(
        text(f"EXPLAIN QUERY PLAN {str(compiled).replace(':', chr(92) + ':')}")
    )
    return "\n".join(row.detail for row in rows)


def test_every_sort_that_a_list_offers_walks_an_index(app: App) -> None:
    unsorted = []
    with app.reading() as ctx:
        for found, table in _lists(ctx):
            if found.name in _SHORT:
                continue
            for sort in _sorts(table):
                plan = _plan(ctx, found, table, f"-{sort}")
                if "TEMP B-TREE FOR ORDER BY" in plan:
                    unsorted.append(f"{found.name} by {sort}: {plan}")
    assert unsorted == []


#: A few rows each, or counted from others.
_SHORT = (
    "roles",
    "inventory-stocks",
    "inventory-templates",
    "service-accounts",
    "catalog-products",
    "tariffs",
)


def test_every_filter_and_view_of_a_list_can_be_asked_for(app: App) -> None:
    with app.reading() as ctx:
        for found, table in _lists(ctx):
            assert table.name == found.name
            queries = ["q=anything", *(f"view={tab.value}" for tab in table.tabs)]
            for item in table.filters:
                typed = {"dates": "2026-01-01", "number": "1", "money": "1", "bool": "1"}.get(item.kind, "1")
                chosen = item.choices[0][0] if item.kind == "choice" and item.choices else typed
                queries += [f"{name}={getattr(chosen, 'value', chosen)}" for name in item.names]
            for query in queries:
                view = table.load(ctx.session, found.select(ctx), QueryParams(query), path=found.path)
                assert view.total >= 0, query


def test_every_page_of_a_list_knows_that_it_is_one_and_asks_for_its_permission(
    app: App, staff: Staff
) -> None:
    with app.reading() as ctx:
        known = list(_lists(ctx))
    everything, nothing = staff(), staff(_role(app, "core.home.view"))
    for found, table in known:
        shown = everything.get(found.path)
        assert shown.status_code == 200, found.path
        assert f'id="table-{table.name}"' in shown.text
        assert f'action="/lists/{found.name}/views"' in shown.text, f"{found.path} offers no saved views"
        assert nothing.get(found.path).status_code == 403, found.path


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_files_of_a_list_ask_for_their_own_permission(app: App, staff: Staff, form: str) -> None:
    with app.reading() as ctx:
        known = list(_lists(ctx))
    everything = staff()
    reader = staff(_role(app, *{found.permission for found, _table in known}))
    for found, table in known:
        if table.export:
            written = everything.get(f"{found.path}?export={form}")
            assert written.status_code == 200, found.path
            assert f'filename="{table.name}.{form}"' in written.headers["content-disposition"]
        if found.export:
            shown = reader.get(found.path)
            assert shown.status_code == 200, found.path
            assert "export=csv" not in shown.text, found.path
            assert reader.get(f"{found.path}?export={form}").status_code == 403, found.path


#: Lists whose REST address is not that of their page.
_REST = {
    "/branding": "/brands",
    "/customers/duplicates": "/customer-duplicates",
    "/inventory": "/inventory/items",
}


def _api(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "api@example.com", "administrator")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def test_every_list_is_there_over_rest_with_the_views_sorts_and_filters_of_its_page(
    app: App, make_client: Callable[[], Browser]
) -> None:
    client = _api(app, make_client)
    lacking: list[str] = []
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    with app.reading() as ctx:
        known = list(_lists(ctx))
    for found, table in known:
        path = _REST.get(found.path, found.path)
        asked = paths.get(path, {}).get("get", {})
        parameters = {one["name"]: one for one in asked.get("parameters", ())}
        if "cursor" not in parameters:
            lacking.append(path)
            continue
        assert asked["x-permission"] == found.permission, path
        views = {tab.value for tab in table.tabs if tab.value}
        offered = {
            "sort": _sorts(table),
            "view": views,
            "nothing_of_this_name": {name for item in table.filters for name in item.names},
        }
        for parameter, names in offered.items():
            refused = client.get(f"/api/v1{path}?{parameter}=nothing_of_this_name")
            assert refused.status_code == 422, path
            said = refused.json()["errors"][0]["message"].rpartition(": ")[2].strip(".–").split(", ")
            lacking += [f"{path} {parameter} {name}" for name in sorted(names.difference(said))]
        # The document says the same as the refusals.
        documented = set(parameters) - {"q", "view", "sort", "limit", "cursor"}
        lacking += [f"{path} documents not {name}" for name in offered["nothing_of_this_name"] ^ documented]
        orders = parameters["sort"]["schema"]["enum"]
        assert {name.lstrip("-") for name in orders} == offered["sort"], path
        assert set(parameters.get("view", {}).get("schema", {}).get("enum", ())) == views, path
        assert ("q" in parameters) == table.searches, path
    assert lacking == []


def test_what_a_list_over_rest_cannot_read_is_refused_and_named(
    app: App, make_client: Callable[[], Browser]
) -> None:
    client = _api(app, make_client)
    for query, field in (
        ("/text-messages?queued_at_from=yesterday", "queued_at_from"),
        ("/text-messages?status=sent,lost", "status"),
        ("/text-messages?status=sent&status=lost", "status"),
        ("/billing/invoices?total_min=much", "total_min"),
        ("/webhooks?active=perhaps", "active"),
        ("/signing-keys?q=a", "q"),
    ):
        refused = client.get(f"/api/v1{query}")
        assert refused.status_code == 422, query
        assert [error["field"] for error in refused.json()["errors"]] == [field], query
    assert "Write it as 99.90." in client.get("/api/v1/billing/invoices?total_min=much").text
    assert client.get("/api/v1/text-messages?status=sent,failed").status_code == 200
    assert client.get("/api/v1/webhooks?active=false&q=").status_code == 200


@pytest.mark.both_databases
def test_a_cursor_of_another_sort_is_refused_over_rest_and_ignored_by_the_page(
    app: App, make_client: Callable[[], Browser]
) -> None:
    client = _api(app, make_client)
    for name in ("Ana Souza", "Beto Lima", "Carla Dias"):
        made = client.post("/api/v1/customers", json={"name": name, "kind": "individual"})
        assert made.status_code == 201, made.text
    cursors = {
        sort: client.get(f"/api/v1/customers?limit=1&sort={sort}").json()["next"]
        for sort in ("name", "created_at")
    }
    for cursor, sort in ((cursors["name"], "created_at"), (cursors["created_at"], "-name")):
        refused = client.get("/api/v1/customers", params={"sort": sort, "cursor": cursor})
        assert refused.status_code == 422, refused.text
        assert [error["field"] for error in refused.json()["errors"]] == ["cursor"]
    later = client.get("/api/v1/customers", params={"sort": "name", "cursor": cursors["name"]}).json()
    assert [one["name"] for one in later["items"]] == ["Beto Lima", "Carla Dias"]
    browser = make_client()
    create_user(app, "ana@example.com", "administrator")
    browser.sign_in("ana@example.com")
    page = browser.get("/customers", params={"sort": "-created_at", "cursor": cursors["name"]})
    assert page.status_code == 200
    assert "Ana Souza" in page.text


def test_the_document_names_the_values_of_filters_but_not_rows_that_come_and_go(
    app: App, make_client: Callable[[], Browser]
) -> None:
    paths = _api(app, make_client).get("/api/v1/openapi.json").json()["paths"]

    def parameter(path: str, name: str) -> dict[str, Any]:
        (found,) = [one for one in paths[path]["get"]["parameters"] if one["name"] == name]
        return dict(found)

    status = parameter("/text-messages", "status")
    assert status["schema"] == {
        "type": "array",
        "items": {"type": "string", "enum": ["queued", "sent", "failed"]},
    }
    assert (status["style"], status["explode"]) == ("form", False)
    assert parameter("/text-messages", "queued_at_to")["schema"] == {"type": "string", "format": "date"}
    assert parameter("/text-messages", "sort")["schema"]["default"] == "-queued_at"
    assert "enum" not in parameter("/inventory/items", "stock")["schema"]["items"]
    assert parameter("/customers/{number}/activity", "operation")["in"] == "query"
