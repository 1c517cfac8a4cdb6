"""REST routes: what a plugin declares.

A handler is a plain function whose first parameter is `ctx: Context`; the rest is FastAPI's (path, query, body). GET handlers
read; all others run in one unit of work committed before the answer leaves, replayed for a repeated `Idempotency-Key`.
"""

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

    from trunkline.operation import Context
    from trunkline.web.tables import Table

    TableOf = Table | Callable[[Context], Table]

Handler = Callable[..., Any]
#: BIGINT of SQL.
_LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class RestRoute:
    """One REST route with the permission that is checked before its handler runs."""

    method: str
    path: str
    handler: Handler
    permission: str
    status: int
    options: dict[str, Any]
    #: Gets a reading context although the method is not GET, and opens units of work itself where it must.
    reads: bool = False
    #: Hashes a password, so requests for it take turns (see `trunkline.web.turns`).
    hashes: bool = False
    #: The list that it answers, whose filters, views and sorts the OpenAPI document names.
    table: "TableOf | None" = None
    #: Asks for a fresh sign-in (see `trunkline.rest.proof`).
    sudo: bool = False
    #: The key of a service account is as good as a fresh sign-in: its making asked for one.
    by_service: bool = False


@dataclass
class RestRoutes:
    """The REST routes of one plugin. `prefix` is `/<plugin>`; core resources have their own words."""

    prefix: str
    tag: str
    routes: list[RestRoute] = field(default_factory=list)
    _made: "list[APIRoute] | None" = field(default=None, init=False, repr=False, compare=False)

    def get(
        self, path: str, *, permission: str, table: "TableOf | None" = None, **options: Any
    ) -> Callable[[Handler], Handler]:
        """A route that reads. One that answers with `read_list` names its `table`, or how it is made."""
        return self._register("GET", path, permission, 200, options, table=table)

    def post(
        self,
        path: str,
        *,
        permission: str,
        status: int = 201,
        reads: bool = False,
        hashes: bool = False,
        sudo: bool = False,
        by_service: bool = False,
        **options: Any,
    ) -> Callable[[Handler], Handler]:
        """A route that acts.

        With `sudo` it needs a token of a sign-in not older than ten minutes or, with `by_service` too, a service account's key.
        """
        return self._register(
            "POST", path, permission, status, options, reads, hashes, sudo=sudo, by_service=by_service
        )

    def patch(
        self, path: str, *, permission: str, sudo: bool = False, by_service: bool = False, **options: Any
    ) -> Callable[[Handler], Handler]:
        return self._register("PATCH", path, permission, 200, options, sudo=sudo, by_service=by_service)

    def delete(
        self, path: str, *, permission: str, sudo: bool = False, by_service: bool = False, **options: Any
    ) -> Callable[[Handler], Handler]:
        return self._register("DELETE", path, permission, 204, options, sudo=sudo, by_service=by_service)

    def _register(
        self,
        method: str,
        path: str,
        permission: str,
        status: int,
        options: dict[str, Any],
        reads: bool = False,
        hashes: bool = False,
        table: "TableOf | None" = None,
        sudo: bool = False,
        by_service: bool = False,
    ) -> Callable[[Handler], Handler]:
        def decorate(handler: Handler) -> Handler:
            route = RestRoute(
                method, path, handler, permission, status, options, reads, hashes, table, sudo, by_service
            )
            self.routes.append(route)
            self._made = None
            return handler

        return decorate

    def made(self) -> "list[APIRoute]":
        """FastAPI's routes for these. They know no application, and making them takes long, so several share them."""
        if self._made is None:
            from pydantic.warnings import UnsupportedFieldAttributeWarning

            # FastAPI silences it while it makes its adapters of fields; ours are built later, at the first request.
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            with _without_pydantic_1():
                self._made = [self._api_route(route) for route in self.routes]
        return self._made

    def _api_route(self, route: RestRoute) -> "APIRoute":
        from fastapi import Depends
        from fastapi.routing import APIRoute

        returns = inspect.signature(route.handler, eval_str=True).return_annotation
        no_model = returns in (inspect.Signature.empty, None, type(None)) or _is_response(returns)
        options = {"response_model": None if no_model else returns, **route.options}
        admitted = _admitted(route)
        return APIRoute(
            f"{self.prefix}{route.path}",
            _endpoint(route, admitted),
            # First of all: FastAPI solves these in order, and remembers what one gave.
            dependencies=[Depends(admitted)],
            tags=[self.tag],
            methods=[route.method],
            status_code=route.status,
            openapi_extra={
                "x-permission": route.permission,
                **({"x-fresh-sign-in": True} if route.sudo else {}),
                **({"x-or-service-account": True} if route.by_service else {}),
            },
            **options,
        )


@contextmanager
def _without_pydantic_1() -> Iterator[None]:
    """FastAPI asks of every type whether it is Pydantic 1's, and loads all of that to know, 2.4 MB.

    Meanwhile it finds none here, as it will in Pydantic 3. Whoever has such types has loaded it already.
    """
    name = "pydantic.v1"
    if name in sys.modules:
        yield
        return
    # As Python documents it, None there ends an import.
    sys.modules[name] = None  # type: ignore[assignment]  # its stubs know modules only
    try:
        yield
    finally:
        del sys.modules[name]


def _is_response(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Response)


_REQUEST = "trunkline_request"


def _admitted(route: RestRoute) -> Callable[[Request], Request]:
    """A dependency that gives the request once its sender is let in.

    FastAPI solves dependencies before it says what is wrong with a body, so strangers learn nothing but that they are strangers.
    """

    def admit(request: Request) -> Request:
        from trunkline.rest.units import admit

        admit(request, route)
        return request

    return admit


def _endpoint(route: RestRoute, admitted: Callable[[Request], Request]) -> Handler:
    """The handler as FastAPI sees it: `ctx` replaced by the request, from which the context is opened.

    The request comes as a dependency: a handler may ask for it as well, and FastAPI fills only one plain parameter with it.
    """
    from fastapi import Depends

    signature = inspect.signature(route.handler, eval_str=True)
    parameters = [_bounded(one, route.path) for one in signature.parameters.values()]
    opened = inspect.Parameter(
        _REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Any, default=Depends(admitted)
    )

    @wraps(route.handler)
    def endpoint(**arguments: Any) -> Any:
        from trunkline.rest.units import run_reading, run_writing
        from trunkline.web.plain_text import refuse_nul

        request = arguments.pop(_REQUEST)
        refuse_nul(arguments)
        if route.method == "GET" or route.reads:
            return run_reading(request, route, arguments)
        return run_writing(request, route, arguments)

    @wraps(route.handler)
    def at_once(**arguments: Any) -> Any:
        from trunkline.web.turns import going_first

        with going_first():
            return endpoint(**arguments)

    @wraps(route.handler)
    async def in_its_turn(**arguments: Any) -> Any:
        from trunkline.web.turns import in_turn

        return await in_turn(partial(endpoint, **arguments))

    shown: Handler = in_its_turn if route.hashes else at_once
    shown.__signature__ = signature.replace(parameters=[*parameters[1:], opened])  # type: ignore[attr-defined]  # functions have it, their type does not say so
    shown.__annotations__ = {}
    del shown.__wrapped__  # type: ignore[attr-defined]  # `wraps` has set it
    return shown


def _bounded(parameter: inspect.Parameter, path: str) -> inspect.Parameter:
    """A key in the path is no larger than keys are: what the database cannot hold is refused, not an error of ours."""
    from fastapi import Path

    if parameter.annotation is not int or f"{{{parameter.name}}}" not in path:
        return parameter
    return parameter.replace(annotation=Annotated[int, Path(ge=0, le=_LARGEST_KEY)])


def as_json(value: Any, status: int) -> JSONResponse:
    """The answer in the form that is sent and, for idempotent writes, kept."""
    from fastapi.encoders import jsonable_encoder

    return JSONResponse(jsonable_encoder(value), status)
