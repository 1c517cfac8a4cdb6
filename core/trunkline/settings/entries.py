"""Pages that belong to the settings, though they lie elsewhere: their entries on the settings page, and the way back to it."""

from typing import TYPE_CHECKING, Any

from trunkline.i18n import gettext as _
from trunkline.plugin import Slot

if TYPE_CHECKING:
    from trunkline.web.pages import Page

PLACE = "settings.sections"


def entry(label: str, path: str, about: str, permission: str, *, icon: str, order: int = 100) -> Slot:
    """An entry of the settings page that leads to `path`, for who holds the permission of that page."""

    def render(page: "Page", subject: Any) -> str:
        return page.fragment("settings/entry.html", label=_(label), path=path, icon=icon, about=_(about))

    return Slot(PLACE, path.strip("/").replace("/", "-"), render, permission, label, order)


def way(page: "Page") -> tuple[tuple[str, str], ...]:
    """The breadcrumb that leads back to the settings, for who may see them."""
    return ((str(_("Settings")), "/settings"),) if page.can("core.settings.view") else ()
