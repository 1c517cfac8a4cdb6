"""Icons: outlines of the Tabler set, in two sprites that the build makes of the names in use and of `assets/icons.txt`."""

import re
from functools import cache, lru_cache

from markupsafe import Markup

from trunkline.web.assets import CORE_STATIC, Assets

_SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"')
FALLBACK = "square"


#: What the plugins of the workspace name, on every page; and what other plugins may count on besides, where it is asked for.
_SPRITES = ("icons.svg", "icons-more.svg")


@cache
def known_icons() -> dict[str, str]:
    """The built sprite of each name; empty when the assets have not been built."""
    files = [CORE_STATIC / sprite for sprite in _SPRITES]
    return {
        name: file.name
        for file in files
        if file.is_file()
        for name in _SYMBOL.findall(file.read_text("utf-8"))
    }


@lru_cache(maxsize=2000)
def icon(assets: Assets, name: str, size: str = "", label: str = "") -> Markup:
    """An SVG that shows the icon; `label` names it for screen readers, without one it is decoration.

    A name that the sprites lack shows a plain square, so that a plugin's misspelling is visible and harmless.
    """
    known = known_icons()
    shown = name if not known or name in known else FALLBACK
    kind = f" icon-{size}" if size else ""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon{}" {}><use href="{}#{}"/></svg>').format(
        kind, role, assets.url(f"core/{known.get(shown, _SPRITES[0])}"), shown
    )
