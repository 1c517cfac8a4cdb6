"""What surrounds every page: brand, menu, breadcrumbs, toasts, slots, and the rendering of templates."""

import json
import logging
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from markupsafe import Markup
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from trunkline.branding.brands import Brand, Brands
from trunkline.db.savepoint import TransactionSpoilt, is_spoilt, savepoint, start_afresh
from trunkline.i18n import I18n, _, gettext
from trunkline.plugin import MenuItem, Slot
from trunkline.read_model import read_model
from trunkline.web import cookies, signing
from trunkline.web.assets import Assets
from trunkline.web.template_code import marked
from trunkline.web.templating import make_environment, render, render_fragment

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.web.pages import Page
    from trunkline.web.tables import Table

R = TypeVar("R")
log = logging.getLogger(__name__)
_BADGE_SECONDS = 3.0
_BADGES_KEPT = 500
#: The start pages, to which nothing belongs but themselves.
_STARTS = ("/", "/portal")
#: Groups of the staff's menu by name, in order.
_GROUPS = {
    "": "",
    "Care": gettext("Care"),
    "Products": gettext("Products"),
    "Network": gettext("Network"),
    "Voice": gettext("Voice"),
    "Billing": gettext("Billing"),
    "Administration": gettext("Administration"),
}


@read_model
class Crumb:
    label: str
    path: str = ""


@dataclass(frozen=True)
class Toast:
    text: str


@read_model
class SignedInUser:
    """What the shell shows of the signed-in user."""

    id: int
    name: str
    email: str
    kind: str
    initials: str
    impersonated_by: str = ""


@dataclass(frozen=True)
class MenuEntry:
    label: str
    path: str
    icon: str
    active: bool
    badge: str | int | None = None
    key: str = ""


@dataclass(frozen=True)
class MenuGroup:
    label: str
    items: list[MenuEntry] = field(default_factory=list)


class _Menu(NamedTuple):
    """The entries that some users may open, each beside its plugin, and by path the entry that a page there belongs to."""

    shown: tuple[tuple[str, MenuItem], ...]
    paths: Mapping[str, str]

    def entry_of(self, here: str) -> str:
        """The path of the entry that a page belongs to: the one whose path is the longest part of the page's own."""
        found = self.paths.get(here)
        while found is None and "/" in here:
            here = here.rpartition("/")[0]
            found = self.paths.get(here) if here not in _STARTS else None
        return found or ""


class WebApp:
    """The shell of one application: templates, menu and slots."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self._badges: dict[object, tuple[float, str | int | None]] = {}
        self._menus: dict[tuple[str, frozenset[str] | None], _Menu] = {}
        folders = {
            s.name: Path(str(s.module.__file__)).parent
            for s in app.loaded.enabled
            if s.module and not s.is_extension
        }
        core = Path(__file__).parent.parent
        self.assets = Assets({name: folder / "static" for name, folder in folders.items()})
        self.environment = make_environment(
            {name: folder / "templates" for name, folder in folders.items()},
            app.config.template_folder if app.config.template_folder.is_dir() else None,
            None,
            I18n([core / "locale", *(folder / "locale" for folder in folders.values())]),
            assets=self.assets,
            slot=self._slot_in_template,
            cache_dir=app.config.data / "cache" / "templates",
        )

    def brand_of(self, host: str, session: Session | None = None) -> Brand:
        """Who the system presents itself as under this host name; asked through `session` where there is one."""
        return self.app.part(Brands).of_host(host, session)

    def render(self, page: "Page", template: str, context: Mapping[str, Any]) -> str:
        """The whole page, or its changing part when htmx asks for that."""
        call: Callable[..., str] = render_fragment if page.is_fragment else render
        return call(self.environment, template, page, **context)

    def fragment(self, page: "Page", template: str, context: Mapping[str, Any]) -> str:
        """A template that stands for itself."""
        return render(self.environment, template, page, **context)

    # Menu

    def menu_for(self, page: "Page") -> list[MenuGroup]:
        """The groups and entries that the signed-in user may open."""
        shown, active = self._shown(page)
        groups: dict[str, list[MenuEntry]] = {name: [] for name in _GROUPS}
        for plugin, item in shown:
            badge = self._badge(page, plugin, item)
            entry = MenuEntry(_(item.label), item.path, item.icon, item.path == active, badge, item.key)
            groups[item.group].append(entry)
        return [MenuGroup(str(_GROUPS[name]), entries) for name, entries in groups.items() if entries]

    def menu_key(self, page: "Page") -> Hashable:
        """What `menu_for` depends on: two pages with the same key have the same menu."""
        shown, active = self._shown(page)
        badges = tuple(self._badge(page, plugin, item) for plugin, item in shown if item.badge)
        return self._audience(page), page.actor.permissions, active, badges, page.brand

    def _shown(self, page: "Page") -> tuple[tuple[tuple[str, MenuItem], ...], str]:
        """The entries that the user may open, and the path of the one this page belongs to."""
        audience, allowed = self._audience(page), page.actor.permissions
        menu = self._menus.get((audience, allowed))
        if menu is None:
            found = (one for one in self.app.menu_of if one[1].audience == audience)
            shown = tuple(one for one in found if page.can(one[1].permission))
            menu = _Menu(shown, {path: i.path for _p, i in shown for path in (*i.also, i.path)})
            if len(self._menus) > _BADGES_KEPT:
                self._menus.clear()
            self._menus[audience, allowed] = menu
        return menu.shown, menu.entry_of(page.path)

    @staticmethod
    def _audience(page: "Page") -> str:
        return "portal" if page.user is not None and page.user.kind == "portal" else "staff"

    def _badge(self, page: "Page", plugin: str, item: MenuItem) -> str | int | None:
        if item.badge is None:
            return None
        # A count a few seconds old is good enough, and the menu is on every page.
        actor, now = page.actor, time.monotonic()
        key = (item.path, actor.id, actor.scope, actor.permissions)
        kept = self._badges.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        value = self._count_badge(page, plugin, item)
        self._badges[key] = (now + _BADGE_SECONDS, value)
        if len(self._badges) > _BADGES_KEPT:
            self._badges.clear()
        return value

    def _count_badge(self, page: "Page", plugin: str, item: MenuItem) -> str | int | None:
        assert item.badge is not None  # noqa: S101 — the caller looked
        try:
            return self._guarded(page, partial(item.badge, page.ctx)) or None
        except Exception as error:  # a plugin's code may raise anything
            self.app.hooks.failed(plugin, f"badge of menu entry {item.label}", error)
            return None

    def _guarded(self, page: "Page", ask: Callable[[], R]) -> R:
        """What a plugin answers, whose failed SQL must not spoil the page's transaction.

        A page that only reads needs no savepoint for that: starting afresh loses nothing.
        """
        session = page.ctx.session
        if page.ctx.writing:
            with savepoint(session):
                return ask()
        try:
            answer = ask()
            if not session.is_active:
                raise TransactionSpoilt("it went on after a failed flush")
            if not self.app.database.is_sqlite and is_spoilt(session):
                raise TransactionSpoilt("it went on after an SQL error, which spoils the transaction")
        except BaseException:
            if not session.is_active or is_spoilt(session):
                start_afresh(session)
            raise
        return answer

    # Slots

    def _slot_in_template(self, place: str, subject: Any = None, **named: Any) -> Markup:
        from trunkline.web.templating import current_page

        page = current_page()
        return marked("".join([html for _slot, html in self.slot(page, place, named or subject)]))

    def slot(self, page: "Page", place: str, subject: Any) -> list[tuple[Slot, Markup]]:
        """Each contribution to `place` that the user may see, with its HTML; a failing one is an error card."""
        rendered = []
        for plugin, slot in self.app.slots.get(place, []):
            if page.can(slot.permission):
                html = self.contribution(page, plugin, slot, subject)
                if html:
                    rendered.append((slot, html))
        return rendered

    def contribution(self, page: "Page", plugin: str, slot: Slot, subject: Any) -> Markup:
        """One contribution on its own, so that its failure harms nothing else on the page."""
        try:
            html = self._guarded(page, partial(slot.render, page, subject))
            return marked(html) if html.__class__ is str else Markup(html or "")  # noqa: S704 — templates escaped it
        except Exception as error:  # a plugin's code may raise anything
            self.app.hooks.failed(plugin, f"slot {slot.place}", error)
            return Markup(  # noqa: S704 — a template of ours, escaped
                self.fragment(
                    page,
                    "slot_error.html",
                    {"plugin": self._named(plugin), "label": slot.label or slot.name, "place": slot.place},
                )
            )

    def _named(self, plugin: str) -> str:
        return next((_(one.label) for one in self.app.plugins if one.name == plugin and one.label), plugin)

    def tab_slots(self, page: "Page", place: str) -> list[tuple[str, Slot]]:
        """The tabs that the user may open, beside the plugin of each."""
        return [(plugin, slot) for plugin, slot in self.app.slots.get(place, []) if page.can(slot.permission)]

    def tab_count(self, page: "Page", plugin: str, slot: Slot, subject: Any) -> int | str | None:
        """The count beside a tab's label; one that fails leaves the label alone."""
        if slot.count is None:
            return None
        try:
            return self._guarded(page, partial(slot.count, page, subject))
        except Exception as error:  # a plugin's code may raise anything
            self.app.hooks.failed(plugin, f"count of tab {slot.name}", error)
            return None

    # Lists

    def table_response(
        self, page: "Page", template: str, table: "Table", statement: Any, context: Mapping[str, Any]
    ) -> Response:
        from trunkline.web.table_response import respond

        return respond(page, template, table, statement, context)

    # Toasts

    def remember_toast(self, response: Response, request: Request, text: str) -> None:
        """Show `text` on the page that comes next."""
        cookies.keep_toast(response, request, signing.sign("toast", {"text": str(text)}))

    def take_toasts(self, cookie: str) -> list[Toast]:
        """The toasts that the page before left; an altered cookie counts for nothing."""
        if not cookie:
            return []
        try:
            return [Toast(str(signing.verify("toast", cookie).get("text", "")))]
        except Exception:  # a cookie is anybody’s text
            log.debug("unreadable toast cookie")
            return []


def as_json(value: Any) -> str:
    """Compact JSON for attributes that scripts read."""
    return json.dumps(value, separators=(",", ":"), default=str)
