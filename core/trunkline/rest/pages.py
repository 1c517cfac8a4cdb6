"""The REST API's documentation as a page, made from its OpenAPI document."""

from typing import Any

from starlette.responses import Response

from trunkline.i18n import _
from trunkline.web.pages import PUBLIC, Page, Pages

pages = Pages(audience="any")
_METHODS = ("get", "post", "patch", "delete")


@pages.get("/api/v1/docs", permission=PUBLIC)
def documentation(page: Page) -> Response:
    """Every route with its permission, parameters, body and answers, grouped by plugin."""
    page.title = _("REST API")
    return page.render("rest/docs.html", groups=_groups(page.request.app.state.api.openapi()))


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                found = methods[method]
                groups.setdefault((found.get("tags") or [""])[0], []).append(
                    _route(document, path, method, found)
                )
    return dict(sorted(groups.items()))


def _route(document: dict[str, Any], path: str, method: str, found: dict[str, Any]) -> dict[str, Any]:
    body = found.get("requestBody", {}).get("content", {})
    schema = next(iter(body.values()))["schema"] if body else {}
    return {
        "method": method.upper(),
        "path": f"/api/v1{path}",
        "summary": found.get("summary", ""),
        "description": found.get("description", ""),
        "permission": found.get("x-permission", ""),
        "parameters": [
            (p["name"], p["in"], p.get("required", False), p.get("description", ""))
            for p in found.get("parameters", [])
        ],
        "body": _fields(document, schema),
        "answers": [
            (status, answer.get("description", "")) for status, answer in found.get("responses", {}).items()
        ],
    }


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str, bool, str]]:
    """(name, type, required, description) of an object schema's fields."""
    resolved = _resolved(document, schema)
    required = set(resolved.get("required", ()))
    return [
        (
            name,
            _type(document, field),
            name in required,
            field.get("description", "") or field.get("title", ""),
        )
        for name, field in resolved.get("properties", {}).items()
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(document, one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_type(document, schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
