"""The REST application at `/api/v1`: routes of core and plugins, problem+json errors, OpenAPI."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from trunkline.db.engine import NO_DATABASE, RETRY_AFTER
from trunkline.errors import TrunklineError, WaitsForSecondPerson
from trunkline.rest.finding import DeclaredRoutes
from trunkline.rest.limiting import TellBudget
from trunkline.rest.routing import RestRoutes

if TYPE_CHECKING:
    from fastapi import FastAPI

    from trunkline.app import App
    from trunkline.rest.document import Document

log = logging.getLogger(__name__)
#: What helps somebody whom no route knows.
_ASTRAY = {
    404: "There is nothing at this address. All that there are stand at /api/v1/docs.",
    405: "This address does not take that method. What it takes stands at /api/v1/docs.",
}


def make_rest(app: "App", document: "Document") -> "FastAPI":
    """The FastAPI application of `app`."""
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError

    api = FastAPI(
        title=f"{app.config.operator_name} API",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.app = app
    api.add_middleware(TellBudget)
    api.router.add_route("/openapi.json", document.answer)
    api.router.routes.append(app.part(routes_of))
    api.add_exception_handler(TrunklineError, _known)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    for away in NO_DATABASE:
        api.add_exception_handler(away, _no_database)
    api.add_exception_handler(Exception, _unknown)
    return api


def routes_of(app: "App") -> DeclaredRoutes:
    """All REST routes of `app`, made as they are asked for."""
    return DeclaredRoutes(app, app.part(rest_routes))


def rest_routes(app: "App") -> list[tuple[str, RestRoutes]]:
    """Every declared group of REST routes beside its plugin. One outside its plugin's own prefix is refused and named."""
    kept = []
    for plugin, routes in app.hooks.gather("rest_routes", RestRoutes):
        word = plugin.removeprefix("extension_")
        if plugin != "core" and not (routes.prefix == f"/{word}" or routes.prefix.startswith(f"/{word}/")):
            app.hooks.failed(
                plugin, "hook rest_routes", ValueError(f"{routes.prefix} must begin with /{word}")
            )
            continue
        kept.append((plugin, routes))
    return kept


def _id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def _problem(
    request: Request, status: int, title: str, detail: str, errors: list[dict[str, str]], challenge: str = ""
) -> JSONResponse:
    """RFC 9457."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    body["request_id"] = _id_of(request)
    headers = {"WWW-Authenticate": f"Bearer {challenge}".rstrip()} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TrunklineError)  # noqa: S101 — FastAPI calls it with this one only
    if isinstance(error, WaitsForSecondPerson):
        body = {"approval": error.number, "state": "waiting", "detail": error.message}
        return JSONResponse(body, 202, headers={"Location": f"/api/v1/approvals/{error.number}"})
    faults = (error, *error.others)
    errors = [{"field": fault.field, "message": str(fault)} for fault in faults if fault.field]
    challenge = getattr(error, "challenge", "")
    return _problem(request, error.status, error.title, str(error), errors, challenge)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    from fastapi.exceptions import RequestValidationError

    assert isinstance(error, RequestValidationError)  # noqa: S101 — FastAPI calls it with this one only
    errors = [{"field": _field_of(e), "message": _words_of(e, request)} for e in error.errors()]
    return _problem(request, 422, "Refused", "The request is not valid; see errors.", errors)


def _field_of(error: Mapping[str, Any]) -> str:
    if error.get("type") == "json_invalid":
        # What is named there is the place in the text.
        return ""
    return ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))


def _words_of(error: Mapping[str, Any], request: Request) -> str:
    """What one of our own validators said, without the prefix that pydantic gives it; and what a body as a whole lacks."""
    if error.get("type") == "json_invalid":
        return f"The body is no JSON: {error['ctx']['error']} at character {error['loc'][-1]}."
    whole = list(error["loc"]) == ["body"]
    if whole and (error["type"] == "missing" or "json" not in request.headers.get("content-type", "")):
        return "Send the body as JSON, with the header Content-Type: application/json."
    cause = (error.get("ctx") or {}).get("error")
    return str(cause) if error.get("type") == "value_error" and cause is not None else str(error["msg"])


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 — FastAPI calls it with this one only
    detail = _ASTRAY.get(error.status_code, "")
    answer = _problem(request, error.status_code, str(error.detail), detail or str(error.detail), [])
    answer.headers.update(error.headers or {})
    return answer


async def _no_database(request: Request, error: Exception) -> JSONResponse:
    log.error("database unavailable for REST request %s", _id_of(request), exc_info=error)
    detail = "The database does not answer, so nothing was done. Send the request again in a moment."
    return _problem(request, 503, "Unavailable", detail, [])


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    log.error("REST request %s failed", _id_of(request), exc_info=error)
    return _problem(
        request, 500, "Internal error", "Something failed here; the log has it under the request id.", []
    )
