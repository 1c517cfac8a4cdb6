"""What the OpenAPI document says beside FastAPI's own words: how to sign in, each route's refusals, the second person's queue."""

from typing import TYPE_CHECKING, Any

from trunkline.web.pages import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from fastapi import FastAPI

_BODIES = ("post", "patch", "put")
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


def describe(api: "FastAPI") -> None:
    """Complete the OpenAPI document when it is first asked for."""
    original = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is not None:
            return api.openapi_schema
        document = original()
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        components.setdefault("schemas", {}).update(Problem=_PROBLEM, Waiting=_WAITING)
        for path in document["paths"].values():
            for method, operation in path.items():
                _complete(method, operation)
        return document

    api.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _complete(method: str, operation: dict[str, Any]) -> None:
    permission = operation.get("x-permission")
    if permission != PUBLIC:
        operation["security"] = [{"bearer": []}, {"key": []}]
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
