"""Running a REST handler: who calls, may they, one unit of work, and repeated requests answered alike."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Column, delete
from sqlmodel import Field, SQLModel, col, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from trunkline import i18n
from trunkline.activity.refusals import refused
from trunkline.auth import api_access, api_keys
from trunkline.clock import utc_now
from trunkline.db.rings import again
from trunkline.db.types import UtcDateTime
from trunkline.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from trunkline.files.rewinding import rewind
from trunkline.files.scanning import scan
from trunkline.i18n import _
from trunkline.operation import Actor, ActorKind, Context
from trunkline.rest.limiting import RequestLimit, check
from trunkline.rest.routing import RestRoute
from trunkline.web.pages import PUBLIC, SIGNED_IN

if TYPE_CHECKING:
    from trunkline.app import App

#: How long an `Idempotency-Key` is remembered.
KEPT = timedelta(days=7)
_ANONYMOUS = Actor(ActorKind.API, None, "anonymous")


class IdempotentAnswer(SQLModel, table=True):
    """The answer given to the first request with a key, replayed to its repeats."""

    __tablename__ = "core_idempotent_answer"

    actor: str = Field(primary_key=True, max_length=80)
    key: str = Field(primary_key=True, max_length=120)
    fingerprint: str = Field(max_length=64)
    status: int
    body: Any = Field(sa_column=Column(JSON))
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=True)


def admit(request: Request, route: RestRoute) -> None:
    """Find out who sends the request and whether they may; kept for the handler. Raises Unauthenticated or Forbidden."""
    request.state.actor = _allowed(request.app.state.app, request, route)


def run_reading(request: Request, route: RestRoute, arguments: dict[str, Any]) -> Any:
    """A GET: permission, a reading session, the handler."""
    from fastapi.encoders import jsonable_encoder

    app: App = request.app.state.app
    actor: Actor = request.state.actor
    with (
        _on_record(app, request, route, actor),
        i18n.use_locale(actor.language, app.config.time_zone),
        app.reading(actor, request_id=_id(request)) as ctx,
    ):
        value = route.handler(ctx, **arguments)
        if isinstance(value, Response):
            return value
        return _answer(jsonable_encoder(value), route.status)


def run_writing(request: Request, route: RestRoute, arguments: dict[str, Any]) -> Any:
    """Any other method: as above in one unit of work, remembered under its `Idempotency-Key`."""
    app: App = request.app.state.app
    actor: Actor = request.state.actor
    key = request.headers.get("idempotency-key", "")
    if len(key) > 120:
        raise Refused(
            _("The Idempotency-Key is too long."),
            field="Idempotency-Key",
            remedy=_("Use up to 120 characters."),
        )
    with (
        _on_record(app, request, route, actor),
        i18n.use_locale(actor.language, app.config.time_zone),
        _scanned(app, request, actor, arguments),
    ):
        return again(lambda: _written(app, request, route, arguments, key))


def _written(app: "App", request: Request, route: RestRoute, arguments: dict[str, Any], key: str) -> Response:
    """The answer of a handler in one unit of work, kept under its key."""
    from fastapi.encoders import jsonable_encoder

    actor: Actor = request.state.actor
    rewind(arguments.values())
    fingerprint = _fingerprint(request, arguments) if key else ""
    with app.unit_of_work(actor, request_id=_id(request), idempotency_key=key or None) as ctx:
        if key and (known := _known_answer(ctx, key, fingerprint)) is not None:
            return known
        value = route.handler(ctx, **arguments)
        if isinstance(value, Response):
            return value
        body = None if route.status == 204 else jsonable_encoder(value)
        if key:
            row = IdempotentAnswer(
                actor=_who(actor), key=key, fingerprint=fingerprint, status=route.status, body=body
            )
            ctx.session.add(row)
    return _answer(body, route.status)


@contextmanager
def _on_record(app: "App", request: Request, route: RestRoute, actor: Actor) -> Iterator[None]:
    """Refusals that come out of the block are put on record; see `activity.refusals`."""
    try:
        yield
    except (Forbidden, NotFound) as error:
        if isinstance(error, Forbidden) or request.path_params:
            refused(
                app,
                actor,
                error,
                permission=route.permission,
                method=request.method,
                path=request.url.path,
                request_id=_id(request),
            )
        raise


@contextmanager
def _scanned(app: "App", request: Request, actor: Actor, arguments: dict[str, Any]) -> Iterator[None]:
    """The uploads of a request were looked through before anything is done with them; see `files.scanning`."""
    refusal = scan(app, arguments.items(), actor, request_id=_id(request))
    if refusal is not None:
        raise refusal
    yield


def _answer(body: Any, status: int) -> Response:
    """RFC 9110, 15.3.5: an answer without content has none, not even `null`. What `If-Match` compares is its ETag (8.8.3)."""
    if status == 204:
        return Response(status_code=204)
    version = body.get("version") if isinstance(body, dict) else None
    return JSONResponse(body, status, {"ETag": f'"{version}"'} if isinstance(version, int) else None)


def _id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def _who(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


def _allowed(app: "App", request: Request, route: RestRoute) -> Actor:
    address = request.client.host if request.client else ""
    limit = app.part(RequestLimit)
    if route.permission == PUBLIC:
        check(request.scope, limit.count(f"address/{address}"))
        request.state.proved_at = None
        return replace(_ANONYMOUS, address=address)
    try:
        caller = api_access.caller_of(app, request.headers, app.clock(), address)
    except (Unauthenticated, Forbidden):
        check(request.scope, limit.count(f"address/{address}"))
        raise
    if caller is None:
        check(request.scope, limit.count(f"address/{address}"))
        raise Unauthenticated(
            _("Send a bearer token or an API key."), remedy=_("Get one at /api/v1/auth/login.")
        )
    check(request.scope, limit.count(caller.counted_as))
    if caller.used_key is not None:
        api_keys.touch(app, caller.used_key, address)
    actor = caller.actor
    request.state.proved_at = caller.proved_at
    if route.permission != SIGNED_IN and not actor.may(route.permission):
        with _on_record(app, request, route, actor):
            raise Forbidden(
                _("This needs the permission “{label}”.").format(
                    label=app.permission_label(route.permission)
                ),
                remedy=_("Ask an administrator for a role that has it."),
            )
    if route.sudo and not (route.by_service and caller.is_service):
        from trunkline.rest import proof

        proof.check(caller.proved_at, app.clock())
    return actor


def _fingerprint(request: Request, arguments: dict[str, Any]) -> str:
    """What tells a repeat of a request from another one under the same key."""
    shown = {name: _shown(value) for name, value in arguments.items()}
    text = f"{request.method} {request.url.path}?{request.url.query} {json.dumps(shown, sort_keys=True, default=str)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _shown(value: Any) -> Any:
    from fastapi.encoders import jsonable_encoder
    from starlette.datastructures import UploadFile

    if isinstance(value, UploadFile):
        digest = hashlib.file_digest(value.file, "sha256").hexdigest()  # type: ignore[arg-type]  # its file is one of bytes
        value.file.seek(0)
        return digest
    with suppress(Exception):
        return jsonable_encoder(value)
    return None


def _known_answer(ctx: Context, key: str, fingerprint: str) -> Response | None:
    statement = select(IdempotentAnswer).where(
        col(IdempotentAnswer.actor) == _who(ctx.actor), col(IdempotentAnswer.key) == key
    )
    row = ctx.session.scalars(statement).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Conflict(
            _("This Idempotency-Key was used for another request."),
            field="Idempotency-Key",
            remedy=_("Use a fresh key."),
        )
    headers = {"Idempotent-Replayed": "true"}
    return (
        Response(status_code=204, headers=headers)
        if row.status == 204
        else JSONResponse(row.body, row.status, headers)
    )


def forget_old_answers(ctx: Context) -> None:
    """Delete answers whose time is over."""
    ctx.session.execute(delete(IdempotentAnswer).where(col(IdempotentAnswer.at) < ctx.now() - KEPT))
