"""Every REST route that changes what several may change compares versions, so that nobody writes over a change they never saw."""

from collections.abc import Callable

from trunkline.testing import Browser

#: Changes without a version, with the reason.
_WITHOUT = {
    "/lists/{name}/columns": "the caller's own columns, said whole",
    "/roles/{name}/second-factor": "one switch, said whole",
}


def test_every_change_takes_the_version_that_was_read(program: Callable[..., Browser]) -> None:
    paths = program().get("/api/v1/openapi.json").json()["paths"]
    changing = {
        path: {one["name"].lower() for one in operation.get("parameters", ()) if one["in"] == "header"}
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method in ("patch", "put")
    }
    assert sorted(path for path, headers in changing.items() if "if-match" not in headers) == sorted(_WITHOUT)
    assert len(changing) > len(_WITHOUT)


def test_a_stock_changed_by_another_meanwhile_is_not_written_over(program: Callable[..., Browser]) -> None:
    api = program("warehouse")
    made = api.post("/api/v1/inventory/stocks", json={"name": "Shop", "note": ""}).json()
    place, opened = f"/api/v1/inventory/stocks/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    assert api.patch(place, json={"name": "Shop"}).status_code == 422
    first = api.patch(place, json={"name": "Shop", "note": "Rua Um, 5"}, headers=opened)
    assert first.status_code == 200
    late = api.patch(place, json={"name": "Shop", "note": "Rua Dois, 9"}, headers=opened)
    assert late.status_code == 409
    assert "Rua Um, 5" in late.json()["detail"]
    (listed,) = [one for one in api.get("/api/v1/inventory/stocks").json()["items"] if one["name"] == "Shop"]
    assert (listed["note"], listed["version"]) == ("Rua Um, 5", first.json()["version"])
