"""Jinja as Trunkline uses it: where templates come from, what they can call, and how a page or part is rendered."""

import zlib
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from markupsafe import Markup, escape

from trunkline import i18n as _i18n
from trunkline.web import tones
from trunkline.web.assets import Assets
from trunkline.web.drawing import Drawing
from trunkline.web.icons import icon
from trunkline.web.template_cache import TemplateCache
from trunkline.web.template_code import PageEnvironment, escaped
from trunkline.web.writing import (
    breakable,
    bytes_text,
    identifier_text,
    moment_text,
    money_text,
    number_text,
    phone_text,
)

CORE_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

#: So many menus and the like are kept; beyond that they are written anew.
_KEPT = 2000
#: The page being rendered, so that macros find the CSRF token and permissions without being handed them.
_page: ContextVar[Any] = ContextVar("trunkline_page")


class _Macros:
    """`ui` in every template: the macros of `ui.html`, compiled once."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        macro = getattr(self._environment.get_template("ui.html").module, name)
        if not self._environment.auto_reload:
            setattr(self, name, macro)
        return macro


class _Kept:
    """`kept(name, of, macro)` in templates: what `macro()` wrote for `of`, kept: the menu differs by person, not by page.

    `of` is all that the output depends on besides the language. Further arguments are the macro's.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._written: dict[Hashable, str] = {}

    def __call__(self, name: str, of: Hashable, macro: Callable[..., str], *arguments: Any) -> str:
        key = (name, _i18n.current_locale(), of)
        found = self._written.get(key)
        if found is None:
            found = macro(*arguments)
            if len(self._written) >= self._most:
                self._written.clear()
            if self._most:
                self._written[key] = found
        return found


def make_environment(
    plugin_template_dirs: Mapping[str, Path],
    operator_dir: Path | None = None,
    theme_dir: Path | None = None,
    i18n: _i18n.I18n | None = None,
    *,
    assets: Assets | None = None,
    slot: Callable[..., Any] | None = None,
    auto_reload: bool = False,
    cache_dir: Path | None = None,
) -> jinja2.Environment:
    """The environment of one installation.

    A template is looked for in the operator's folder, then the theme, then under the plugin's own prefix
    (`billing/…`), then in core. An override extends what it replaces by its `@` name (`@billing/invoice.html`).
    """
    loaders: list[jinja2.BaseLoader] = [
        jinja2.FileSystemLoader(folder) for folder in (operator_dir, theme_dir) if folder
    ]
    owned = {name: jinja2.FileSystemLoader(folder) for name, folder in plugin_template_dirs.items()}
    core = jinja2.FileSystemLoader(CORE_TEMPLATES)
    loaders.append(jinja2.PrefixLoader(owned))
    loaders.append(core)
    loaders.append(
        jinja2.PrefixLoader({"@core": core, **{f"@{name}": loader for name, loader in owned.items()}})
    )
    environment = PageEnvironment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=auto_reload,
        cache_size=1000,
        bytecode_cache=TemplateCache(cache_dir),
    )
    if i18n is not None:
        _i18n.install(i18n)
    known = assets or Assets()
    svg = lru_cache(maxsize=1024)(partial(icon, known))
    environment.filters.update(_FILTERS)
    environment.globals.update(
        {
            "_": _i18n.translate,
            "ngettext": _i18n.ngettext,
            "pgettext": _i18n.translate_in,
            "static": known.url,
            "svg": svg,
            "icon": svg,
            "slot": slot or _no_slot,
            "url_query": url_query,
            "drawing": Drawing,
            "csrf_field": csrf_field,
            "current_page": current_page,
            "languages": _i18n.LANGUAGES,
            "tone_of": tones.tone_of,
            "state_label": tones.state_label,
            "now": _now,
            "kept": _Kept(0 if auto_reload else _KEPT),
        }
    )
    environment.globals["ui"] = _Macros(environment)
    return environment


def render(environment: jinja2.Environment, template: str, page: Any, /, **context: Any) -> str:
    """The whole template. `page` is the shell's context; it is also visible to macros while rendering."""
    token = _page.set(page)
    try:
        return environment.get_template(template).render(page=page, **context)
    finally:
        _page.reset(token)


def render_fragment(environment: jinja2.Environment, template: str, page: Any, /, **context: Any) -> str:
    """The part of a page that changes: its block `fragment`, or `main` when it names none."""
    blocks = environment.get_template(template).blocks
    # A page that extends a shell brings only the blocks it overrides; the shell's own `main` is always there.
    return render_block(
        environment, template, "fragment" if "fragment" in blocks else "main", page, **context
    )


def render_block(
    environment: jinja2.Environment, template: str, block: str, page: Any, /, **context: Any
) -> str:
    """One named block of a template, without the shell around it. Raises KeyError when there is no such block."""
    token = _page.set(page)
    try:
        found = environment.get_template(template)
        area = found.new_context({"page": page, **context})
        return environment.concat(found.blocks[block](area))
    finally:
        _page.reset(token)


def current_page() -> Any:
    """The page being rendered. Raises LookupError outside of rendering."""
    return _page.get()


def _no_slot(name: str, **subject: Any) -> Markup:
    return Markup("")


def _now() -> datetime:
    return datetime.now(UTC)


def csrf_field() -> Markup:
    """The hidden field that plain forms carry."""
    token = getattr(_page.get(None), "csrf_token", "")
    return Markup(f'<input type="hidden" name="csrf_token" value="{escape(token or "")}">')  # noqa: S704 — escaped


def url_query(query: str | Mapping[str, Any], **changes: Any) -> str:
    """A query string with some parameters changed; None removes one. Starts with `?`."""
    pairs = (
        parse_qsl(query.lstrip("?")) if isinstance(query, str) else [(k, str(v)) for k, v in query.items()]
    )
    kept = [(key, value) for key, value in pairs if key not in changes]
    kept += [(key, str(value)) for key, value in changes.items() if value is not None and value != ""]
    return "?" + urlencode(kept)


# ------------------------------------------------------------------ filters


def money(value: Any, currency: str | None = None, *, exact: bool = False) -> Markup:
    """Money, `(micro-units, currency)`, or micro-units with the currency beside them; nothing for None."""
    if value is None:
        return Markup("")
    if isinstance(value, tuple):
        micros, named = value
    elif isinstance(value, int):
        if currency is None:
            raise ValueError("an amount needs its currency: {{ amount|money(currency) }}")
        micros, named = value, currency
    else:
        micros, named = value.micros, value.currency
    return money_text(int(micros), str(named), exact=exact)


def datetime_filter(value: datetime | None, style: str = "medium") -> Markup:
    """Date and time in the zone of display."""
    return Markup("") if value is None else moment_text(value, "datetime", style)


def date_filter(value: date | datetime | None, style: str = "medium") -> Markup:
    """A calendar date."""
    return Markup("") if value is None else moment_text(value, "date", style)


def time_filter(value: datetime | None, style: str = "short") -> Markup:
    """The clock time."""
    return Markup("") if value is None else moment_text(value, "time", style)


def relative(value: datetime | None) -> Markup:
    """How long ago, with the full moment as the title."""
    return Markup("") if value is None else moment_text(value, "relative")


def duration(value: float | timedelta | None) -> str:
    """Seconds as `3 min 05 s`."""
    return "" if value is None else _i18n.format_duration(value)


def bytes_filter(value: int | None) -> str:
    """Bytes as `412 GB`."""
    return "" if value is None else bytes_text(value)


def number(value: float | Decimal | None, digits: int | None = None) -> str:
    """A figure with the locale's separators."""
    return "" if value is None else number_text(value, digits)


def phone(value: str | None) -> str:
    """A telephone number spaced the way its country writes it."""
    return phone_text(value) if value else ""


def identifier(value: str | None) -> str:
    """What identifies something; spaced where it is a telephone number."""
    return identifier_text(value) if value else ""


def initials(name: str) -> str:
    """Two letters for an avatar."""
    words = [word for word in str(name).replace("-", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)]
    return "".join(letters).upper() or "?"


_NOTHING = Markup("")


def attributes(values: Mapping[str, Any]) -> Markup:
    """HTML attributes from names with underscores; None and False leave one out, True writes it bare."""
    if not values:
        return _NOTHING
    parts = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        shown = name.rstrip("_").replace("_", "-")
        parts.append(f" {escaped(shown)}" if value is True else f' {escaped(shown)}="{escaped(value)}"')
    return Markup("".join(parts))  # noqa: S704 — every part is escaped


def short_hash(text: object) -> str:
    """A short stable key made of a text, for ids that nobody needs to name."""
    return _short_hash(str(text))


@lru_cache(maxsize=1024)
def _short_hash(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def tojson_compact(value: Any) -> Markup:
    """JSON for a `<script type="application/json">` block, safe inside HTML."""
    return jinja2.utils.htmlsafe_json_dumps(value, separators=(",", ":"), ensure_ascii=False)


def excerpt(text: str, query: str) -> Markup:
    """Text with the first place marked where the longest word of a query occurs."""
    for word in sorted(set(query.split()), key=len, reverse=True):
        at = text.lower().find(word.lower())
        if at >= 0:
            end = at + len(word)
            return Markup("{}<mark>{}</mark>{}").format(text[:at], text[at:end], text[end:])
    return escape(text)


_FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "datetime": datetime_filter,
    "date": date_filter,
    "month": _i18n.format_month,
    "time": time_filter,
    "relative": relative,
    "duration": duration,
    "bytes": bytes_filter,
    "number": number,
    "percent": _i18n.format_percent,
    "rate": _i18n.format_rate,
    "phone": phone,
    "identifier": identifier,
    "breakable": breakable,
    "initials": initials,
    "attrs": attributes,
    "tojson_compact": tojson_compact,
    "excerpt": excerpt,
    "hash": short_hash,
}
