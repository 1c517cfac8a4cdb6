"""The map on a customer's sites, drawn with the operator's tiles. Without a tile server there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from trunkline.geocoding.models import MANUAL
from trunkline.operation import Context
from trunkline.providers import AnswerTerms
from trunkline.settings.core import CoreSettings
from trunkline.web.middleware import CONTENT_SECURITY_POLICY


@dataclass(frozen=True)
class Map:
    """Where tiles come from, and what their licence wants said."""

    tiles: str
    attribution: str

    @property
    def host(self) -> str:
        """The origin that pictures may come from."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}"


def map_of(ctx: Context) -> Map | None:
    """The map that the operator set up, if any."""
    settings = ctx.settings(CoreSettings)
    return Map(settings.map_tiles, settings.map_attribution) if settings.map_tiles else None


def allow_tiles(response: Response, drawn: Map | None) -> Response:
    """Let this one page load pictures from exactly the host of the tiles."""
    if drawn is not None:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
            "img-src 'self' data:", f"img-src 'self' data: {drawn.host}"
        )
    return response


def drawable(sites: Sequence[Any], terms: Mapping[str, AnswerTerms]) -> list[Any]:
    """The sites that have a place which its source lets us draw on this map; a source that nobody knows any more does not."""
    return [site for site in sites if _may_be_drawn(site.located_by, terms)]


def _may_be_drawn(source: str, terms: Mapping[str, AnswerTerms]) -> bool:
    return source in ("", MANUAL) or (source in terms and terms[source].on_any_map)


def pins(sites: Sequence[Any]) -> list[dict[str, Any]]:
    """The sites that have a place, as the map's script reads them."""
    return [
        {"id": site.id, "name": site.name, "at": [site.latitude, site.longitude]}
        for site in sites
        if site.latitude is not None and site.longitude is not None
    ]
