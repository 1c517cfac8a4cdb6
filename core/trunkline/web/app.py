"""The web application: every page of core and plugins, static files, the REST application and health."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from trunkline import secrets
from trunkline.branding.brands import FILES
from trunkline.branding.serving import brand_files
from trunkline.errors import NotFound, TrunklineError
from trunkline.health import liveness, metrics, readiness
from trunkline.i18n import gettext as _
from trunkline.loader import EXTENSION_PREFIX
from trunkline.rest.later import LaterRest
from trunkline.web import signing
from trunkline.web.compression import Compressed, is_text, packed_file, takes_gzip
from trunkline.web.endpoint import endpoint
from trunkline.web.finding import ByFirstWord
from trunkline.web.middleware import (
    BodyLimit,
    KnownHosts,
    PlainAddresses,
    RequestId,
    SecurityHeaders,
    known_hosts,
)
from trunkline.web.pages import PUBLIC, Page, PageRoute, Pages
from trunkline.web.shell import WebApp
from trunkline.web.too_large import too_large_page
from trunkline.web.turns import AtTheDoor

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: The largest bodies by address: what programs send lies in memory while it is read, files of imports on the disk.
MAX_BODIES = (("/api/", 10_000_000), ("/imports", 110_000_000), ("/", 20_000_000))
#: Paths that belong to core; a plugin's pages lie under its own name (and the portal's).
_YEAR = 365 * 24 * 3600


class HashedStatic(StaticFiles):
    """Static files whose addresses carry a content hash, so browsers keep them for a year; texts are packed once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and is_text(response.headers["content-type"]):
            response = await _packed(response, Headers(scope=scope))
        if response.status_code == 200 and b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return response


async def _packed(response: FileResponse, asked: Headers) -> Response:
    """A text's file as who asks takes it; caches keep both kinds apart."""
    response.headers.add_vary_header("Accept-Encoding")
    if not takes_gzip(asked) or response.stat_result is None:
        return response
    body = await run_in_threadpool(packed_file, str(response.path), response.stat_result.st_mtime)
    kept = {name: response.headers[name] for name in ("content-type", "last-modified", "vary")}
    return Response(body, headers={**kept, "content-encoding": "gzip"})


def page_routes(app: "App") -> list[tuple[str, PageRoute]]:
    """Every declared HTML route beside its plugin. A route outside its plugin's own paths is refused and named."""
    found: list[tuple[str, PageRoute]] = []
    for plugin, pages in app.hooks.gather("routes", Pages):
        for route in pages.routes:
            if plugin != "core" and not _own_path(plugin, route.path):
                problem = ValueError(f"{route.path} must begin with /{plugin}/ or /portal/")
                app.hooks.failed(plugin, "hook routes", problem)
                continue
            found.append((plugin, route))
    return found


def _own_path(plugin: str, path: str) -> bool:
    word = plugin.removeprefix(EXTENSION_PREFIX)
    return any(path == own or path.startswith(f"{own}/") for own in (f"/{word}", f"/portal/{word}"))


class _Key(Convertor[int]):
    """Keys in paths are no longer than keys are: what the database cannot hold is no page."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("int", _Key())


def _page_routes(web: WebApp) -> list[BaseRoute]:
    """A route that cannot be built, say for a malformed path, is named and left out."""
    built: list[BaseRoute] = []
    for plugin, route in web.app.part(page_routes):
        try:
            built.append(
                Route(route.path, endpoint(web, route), methods=list(route.methods), name=route.name)
            )
        except Exception as error:  # a plugin's code may raise anything
            web.app.hooks.failed(plugin, f"page {route.path}", error)
    return built


def make_web(app: "App", *, rest_later: bool = False, document_apart: bool = False) -> Starlette:
    """The ASGI application of `app`.

    With `rest_later` its REST part is made when the first program asks, and with `document_apart` another process of the same
    configuration writes the OpenAPI document.
    """
    signing.set_signing_key(secrets.derive("signing"))
    web, api = WebApp(app), LaterRest(app, document_apart=document_apart)
    if not rest_later:
        api.make_all()
    routes: list[BaseRoute] = [
        Mount("/static/core", HashedStatic(directory=web.assets.folders["core"], check_dir=False)),
        *(
            Mount(f"/static/{name}", HashedStatic(directory=folder, check_dir=False))
            for name, folder in web.assets.folders.items()
            if name != "core" and folder.is_dir()
        ),
        Route(f"{FILES}{{name}}", brand_files(app)),
        *_health_routes(app),
        *_page_routes(web),
        Mount("/api/v1", api),
    ]
    starlette = Starlette(
        middleware=_layers(web),
        exception_handlers={404: _status_page(web, 404), 405: _status_page(web, 405)},
    )
    starlette.router = ByFirstWord(routes)
    starlette.state.web = web
    starlette.state.app = app
    starlette.state.api = api
    return starlette


def _layers(web: WebApp) -> list[Middleware]:
    """What lies around every page and route, the outermost first."""
    app = web.app
    hashing = [route.path for _plugin, route in app.part(page_routes) if route.hashes]
    layers = [Middleware(RequestId), Middleware(Compressed), Middleware(AtTheDoor, paths=hashing)]
    layers.append(Middleware(SecurityHeaders))
    if app.config.trusted_proxies:
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

        # First of all: what comes after asks who the client is, and whether it came by https.
        layers.insert(0, Middleware(ProxyHeadersMiddleware, trusted_hosts=list(app.config.trusted_proxies)))
    if hosts := known_hosts(app.config):
        layers.append(Middleware(KnownHosts, hosts=hosts))
    limited = Middleware(BodyLimit, limits=MAX_BODIES, page=too_large_page(web))
    return [*layers, Middleware(PlainAddresses), limited]


def _status_page(web: WebApp, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The page for addresses that nothing answers."""

    def refuse(page: Page, **_parameters: object) -> Response:
        if status == 404:
            remedy = _("Check the address, or search.") if page.can("core.search.use") else None
            raise NotFound(_("There is no page at this address."), remedy=remedy)
        wrong = TrunklineError(
            _("This address does not take that kind of request."), remedy=_("Go back and try again.")
        )
        wrong.status, wrong.title = status, "Not possible here"
        raise wrong

    route = PageRoute("", ("GET",), refuse, PUBLIC, "any", reads=True)
    answer = endpoint(web, route)

    async def handle(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(("/api/", "/static/")):
            title = "Not Found" if status == 404 else "Method Not Allowed"
            if request.url.path.startswith("/static/"):
                return PlainTextResponse(title, status)
            request_id = request.scope.get("state", {}).get("request_id", "")
            body = {
                "type": "about:blank",
                "title": title,
                "status": status,
                "detail": title,
                "request_id": request_id,
            }
            return JSONResponse(body, status, media_type="application/problem+json")
        scope = dict(request.scope, method="GET")
        return await answer(Request(scope, request.receive))

    return handle


def _health_routes(app: "App") -> Sequence[Route]:
    return [
        Route("/healthz", liveness(app)),
        Route("/readyz", readiness(app)),
        Route("/metrics", metrics(app)),
    ]
