"""The page that says that an upload was too large, which nothing of the request but its head is read for."""

from collections.abc import Callable
from types import SimpleNamespace

from starlette.requests import Request
from starlette.types import Scope

from trunkline import i18n
from trunkline.branding.brands import Brands
from trunkline.i18n import _
from trunkline.web.shell import WebApp
from trunkline.web.templating import render


def too_large_page(web: WebApp) -> Callable[[Scope], str]:
    """What writes that page for somebody who asks for pages; an empty text for programs and for parts of a page."""

    def write(scope: Scope) -> str:
        request = Request(scope)
        if "text/html" not in request.headers.get("accept", "") or "HX-Request" in request.headers:
            return ""
        config = web.app.config
        language = i18n.negotiate(request.headers.get("accept-language", ""), config.language)
        page = SimpleNamespace(locale=language, brand=web.app.part(Brands).last_known())
        with i18n.use_locale(language, config.time_zone):
            words = {
                "status": 413,
                "heading": _("That is too large"),
                "message": _("What was sent is more than this page accepts, so nothing was done."),
                "remedy": _("Choose a smaller file."),
                "back": request.url.path,
            }
            return render(web.environment, "errors/error.html", page, **words)

    return write
