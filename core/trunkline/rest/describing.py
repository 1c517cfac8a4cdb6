"""What the OpenAPI document says beside FastAPI's own words: sign-in, refusals, the second person's queue, what lists take."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trunkline.i18n import use_locale
from trunkline.rest.list_parameters import list_parameters
from trunkline.web.pages import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

    from trunkline.app import App
    from trunkline.rest.routing import TableOf

log = logging.getLogger(__name__)
_BODIES = ("post", "patch", "put")
_TOLD_BY_TABLES = ("q", "view", "sort")
#: RFC 9457, with the fields at fault and the id by which the log names the request.
_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "request_id": {"type": "string"},
    },
}
_FRESH = "Needs an access token of a sign-in that is not older than ten minutes (RFC 9470); an API key is not enough."
_FRESH_OR_SERVICE = (
    "Needs an access token of a sign-in not older than ten minutes (RFC 9470) or a service account's API key."
)
_ABOUT = (
    "Programs send an API key as `X-API-Key`, or the access token of `POST /auth/login` as `Authorization: Bearer …`. "
    "Amounts are decimal texts beside their currency, moments are in UTC (RFC 3339), refusals are `application/problem+json` "
    "(RFC 9457)."
)
#: Where the application is mounted.
_SERVERS = [{"url": "/api/v1"}]
_WAITING: dict[str, Any] = {
    "title": "Waiting",
    "type": "object",
    "required": ["approval", "state", "detail"],
    "properties": {
        "approval": {"type": "string"},
        "state": {"type": "string", "enum": ["waiting"]},
        "detail": {"type": "string"},
    },
}


def describe(app: "App", routes: "Sequence[APIRoute]", tables: "Mapping[str, TableOf]") -> dict[str, Any]:
    """The OpenAPI document of `routes`. `tables` are those that lists answer with, by address."""
    from fastapi.openapi.utils import get_openapi

    title = f"{app.config.operator_name} API"
    document = get_openapi(title=title, version="1", description=_ABOUT, routes=routes)
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    components.setdefault("schemas", {}).update(Problem=_PROBLEM, Waiting=_WAITING)
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    _describe_lists(app, document["paths"], tables)
    return {**document, "servers": _SERVERS}


def _describe_lists(app: "App", paths: dict[str, Any], tables: "Mapping[str, TableOf]") -> None:
    """Name the filters, views and sorts of each list, in English: the document is made once for all readers."""
    with use_locale("en"), app.reading() as ctx:
        for path, table in tables.items():
            operation = paths[path]["get"]
            try:
                named = list_parameters(table(ctx) if callable(table) else table)
            except Exception:  # a plugin's code may raise anything; its list stays as FastAPI describes it
                log.exception("the list at %s cannot be described", path)
                continue
            kept = [one for one in operation.get("parameters", ()) if one["name"] not in _TOLD_BY_TABLES]
            operation["parameters"] = [*kept, *named]


def _complete(method: str, operation: dict[str, Any]) -> None:
    permission = operation.get("x-permission")
    if permission != PUBLIC:
        operation["security"] = [{"bearer": []}, {"key": []}]
    if operation.get("x-fresh-sign-in"):
        asked = _FRESH_OR_SERVICE if operation.get("x-or-service-account") else _FRESH
        operation["description"] = f"{operation.get('description', '')}\n\n{asked}".strip()
    answers = operation.setdefault("responses", {})
    # FastAPI describes its own form of refusal, which is not ours.
    answers.pop("422", None)
    for status, words in _refusals(method, permission):
        answers.setdefault(str(status), _refusal(words))
    if method != "get" and permission not in (PUBLIC, SIGNED_IN):
        answers.setdefault("202", _answer("Waits for a second person", "application/json", "Waiting"))


def _refusals(method: str, permission: str | None) -> list[tuple[int, str]]:
    found = [
        (400, "No address of ours"),
        (404, "Not found"),
        (422, "Refused; `errors` names the fields"),
        (429, "Too many requests"),
    ]
    # Signing in is a way to be told that one is not who one says.
    found.append((401, "Nobody is signed in, or the credentials are wrong"))
    if permission != PUBLIC:
        found.append((403, "Not allowed"))
    if method != "get":
        found += [
            (409, "Somebody was quicker, or the unique value is taken"),
            (503, "A part does not answer"),
        ]
    if method in _BODIES:
        found.append((413, "The body is too large"))
    return sorted(found)


def _refusal(words: str) -> dict[str, Any]:
    return _answer(words, "application/problem+json", "Problem")


def _answer(words: str, kind: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
