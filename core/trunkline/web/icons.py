"""Icons: outlines of the Tabler set, in one sprite that the build makes of `assets/icons.txt` and the names in use."""

import re
from functools import cache, lru_cache

from markupsafe import Markup

from trunkline.web.assets import CORE_STATIC, Assets

_SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"')
FALLBACK = "square"


@cache
def known_icons() -> frozenset[str]:
    """Names in the built sprite; empty when the assets have not been built."""
    sprite = CORE_STATIC / "icons.svg"
    return frozenset(_SYMBOL.findall(sprite.read_text("utf-8"))) if sprite.is_file() else frozenset()


@lru_cache(maxsize=2000)
def icon(assets: Assets, name: str, size: str = "", label: str = "") -> Markup:
    """An SVG that shows the icon; `label` names it for screen readers, without one it is decoration.

    A name that the sprite lacks shows a plain square, so that a plugin's misspelling is visible and harmless.
    """
    known = known_icons()
    shown = name if not known or name in known else FALLBACK
    kind = f" icon-{size}" if size else ""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon{}" {}><use href="{}#{}"/></svg>').format(
        kind, role, assets.url("core/icons.svg"), shown
    )
