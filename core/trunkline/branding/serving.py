"""Style sheets and pictures of brands, under names made of what they hold, so that browsers may keep them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from trunkline.branding.brands import Brands

if TYPE_CHECKING:
    from trunkline.app import App

_KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def brand_files(app: "App") -> Callable[[Request], Awaitable[Response]]:
    """The handler of everybody's files of brands."""

    def find(name: str) -> Response:
        brands = app.part(Brands)
        if (css := brands.sheet(name)) is not None:
            return Response(css, media_type="text/css", headers=_KEPT)
        if (found := brands.picture(name)) is not None and found[0].is_file():
            path, media_type = found
            # A picture that is opened by itself runs nothing either.
            headers = {
                **_KEPT,
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            }
            return FileResponse(path, media_type=media_type or None, headers=headers)
        return PlainTextResponse("Not Found", 404)

    async def handle(request: Request) -> Response:
        return await run_in_threadpool(find, request.path_params["name"])

    return handle
