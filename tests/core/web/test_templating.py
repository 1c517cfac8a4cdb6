"""Templates: where they come from, what they can say, and how figures and dates are written for each reader."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from markupsafe import Markup
from starlette.datastructures import Headers

from trunkline import i18n
from trunkline.branding.brands import Brand
from trunkline.i18n import (
    Lazy,
    format_money,
    format_percent,
    format_rate,
    gettext,
    negotiate,
    ngettext,
    parse_decimal,
    use_locale,
)
from trunkline.money import Money
from trunkline.web.assets import Assets
from trunkline.web.fragments import wants_fragment
from trunkline.web.icons import known_icons
from trunkline.web.templating import (
    CORE_TEMPLATES,
    make_environment,
    render,
    render_block,
    render_fragment,
)
from trunkline.web.writing import breakable, email_text

ROOT = Path(__file__).resolve().parents[3]


def _page(**changes: Any) -> SimpleNamespace:
    facts = {
        "title": "Customers",
        "breadcrumbs": [SimpleNamespace(label="Customers", path="/customers")],
        "user": SimpleNamespace(name="Ana Prado", email="ana@example.com", initials="AP", impersonated_by=""),
        "menu": [
            SimpleNamespace(
                label="Care",
                items=[
                    SimpleNamespace(label="Customers", path="/customers", icon="users", active=True, badge=3)
                ],
            )
        ],
        "menu_key": ("staff", None, "/customers"),
        "brand": Brand("Conecta Sul"),
        "csrf_token": "t0ken",
        "flash": [],
        "locale": "en",
        "is_fragment": False,
        "can": lambda permission: True,
    }
    return SimpleNamespace(**{**facts, **changes})


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def environment() -> jinja2.Environment:
    return make_environment({})


def _say(environment: jinja2.Environment, source: str, **context: Any) -> str:
    return environment.from_string(source).render(**context)


def test_the_operators_folder_wins_over_theme_plugin_and_core(tmp_path: Path) -> None:
    plugin = _write(tmp_path / "plugin", "invoice.html", "plugin")
    theme = _write(tmp_path / "theme", "billing/invoice.html", "theme")
    operator = _write(
        tmp_path / "operator", "billing/invoice.html", "operator, once {% include '@billing/invoice.html' %}"
    )
    only_plugin = make_environment({"billing": plugin})
    themed = make_environment({"billing": plugin}, None, theme)
    whole = make_environment({"billing": plugin}, operator, theme)
    assert only_plugin.get_template("billing/invoice.html").render() == "plugin"
    assert themed.get_template("billing/invoice.html").render() == "theme"
    assert whole.get_template("billing/invoice.html").render() == "operator, once plugin"


def test_a_plugin_cannot_shadow_another_or_core(tmp_path: Path) -> None:
    plugin = _write(tmp_path / "plugin", "staff.html", "mine")
    environment = make_environment({"billing": plugin})
    assert environment.get_template("staff.html").filename == str(CORE_TEMPLATES / "staff.html")
    assert environment.get_template("@core/staff.html").filename == str(CORE_TEMPLATES / "staff.html")


def test_text_is_escaped_and_unknown_names_are_errors(environment: jinja2.Environment) -> None:
    assert _say(environment, "{{ name }}", name="<b>") == "&lt;b&gt;"
    with pytest.raises(jinja2.UndefinedError):
        _say(environment, "{{ nobody }}")


def test_every_shared_template_compiles(environment: jinja2.Environment) -> None:
    names = environment.list_templates(extensions=["html"])
    assert {"base.html", "staff.html", "ui.html"} <= set(names)
    assert all(environment.get_template(name).root_render_func for name in names)


def test_a_page_is_wrapped_by_the_shell_and_a_fragment_is_not(tmp_path: Path) -> None:
    plugin = _write(
        tmp_path, "list.html", "{% extends 'staff.html' %}{% block main %}<p>Rows</p>{% endblock %}"
    )
    environment = make_environment({"demo": plugin})
    whole = render(environment, "demo/list.html", _page())
    assert "<title>Customers · Conecta Sul</title>" in whole
    assert '<a class="nav-link active" href="/customers" aria-current="page">' in whole
    assert render_fragment(environment, "demo/list.html", _page()) == "<p>Rows</p>"


def test_a_block_named_fragment_is_what_htmx_gets(tmp_path: Path) -> None:
    source = "{% extends 'staff.html' %}{% block main %}<h1>T</h1>{% block fragment %}<p>{{ n }}</p>{% endblock %}{% endblock %}"
    environment = make_environment({"demo": _write(tmp_path, "list.html", source)})
    assert render_fragment(environment, "demo/list.html", _page(), n=3) == "<p>3</p>"
    assert render_block(environment, "demo/list.html", "main", _page(), n=3) == "<h1>T</h1><p>3</p>"


def test_forms_of_macros_carry_the_pages_csrf_token(tmp_path: Path) -> None:
    source = "{{ ui.post_button('Suspend', '/x', confirm='Suspend Ana?') }}"
    plugin = make_environment({"demo": _write(tmp_path, "button.html", source)})
    html = render(plugin, "demo/button.html", _page(csrf_token="a&b"))
    assert 'name="csrf_token" value="a&amp;b"' in html
    assert 'data-confirm="Suspend Ana?"' in html


@pytest.mark.parametrize("code", [401, 403, 404, 405, 409, 422, 429, 500, 503])
def test_every_error_page_says_what_to_do(environment: jinja2.Environment, code: int) -> None:
    html = render(environment, f"errors/{code}.html", _page(user=None), reference="8f3a")
    assert f">{code}</p>" in html
    assert re.search(r"<h1>[A-Z][^<]{8,}</h1>", html)
    assert re.search(r'<p class="soft">[A-Z][^<]{20,}</p>', html)
    assert "8f3a" in html


def test_a_message_of_the_error_replaces_the_general_words(environment: jinja2.Environment) -> None:
    html = render(
        environment, "errors/409.html", _page(), message="Ana changed it.", changes=[("Name", "A", "<B>")]
    )
    assert "Ana changed it." in html
    assert "<ins>&lt;B&gt;</ins>" in html


def test_no_template_brings_what_the_security_policy_forbids() -> None:
    folders = [CORE_TEMPLATES, *(ROOT / "plugins").glob("*/trunkline_*/templates")]
    for file in (file for folder in folders for file in folder.rglob("*.html") if "mail" not in file.parts):
        text = file.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), f"{file}: inline script"
        assert "<style" not in text, f"{file}: inline style sheet"
        assert not re.search(r"\s(hx-on|on(click|change|submit|load|input))[:=]", text), (
            f"{file}: inline handler"
        )
        assert not re.search(r'hx-trigger="[^"]*\[', text), f"{file}: trigger filter"
        assert not re.search(r'hx-vals="js:', text), f"{file}: evaluated values"


def test_every_icon_that_templates_and_menus_name_is_in_the_sprite() -> None:
    known = known_icons()
    assert known, "the front end is not built; run `./run assets`"
    named: dict[str, Path] = {}
    for folder in (ROOT / "core" / "trunkline", ROOT / "plugins"):
        for file in folder.rglob("*.py"):
            for name in re.findall(r'icon="([a-z0-9-]+)"', file.read_text("utf-8")):
                named[name] = file
        for file in folder.rglob("*.html"):
            for name in re.findall(r'(?:svg|ui\.icon|icon)\("([a-z0-9-]+)"', file.read_text("utf-8")):
                named[name] = file
    assert {name: str(file) for name, file in named.items() if name not in known} == {}


def test_a_compiled_template_is_kept_and_forgotten_when_its_source_changes(tmp_path: Path) -> None:
    plugin, cache = _write(tmp_path / "plugin", "a.html", "one"), tmp_path / "cache"
    assert make_environment({"demo": plugin}, cache_dir=cache).get_template("demo/a.html").render() == "one"
    assert len(list(cache.iterdir())) == 1
    _write(tmp_path / "plugin", "a.html", "two")
    assert make_environment({"demo": plugin}, cache_dir=cache).get_template("demo/a.html").render() == "two"


def test_a_cache_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    plugin = _write(tmp_path / "plugin", "b.html", "one")
    blocked = _write(tmp_path, "cache", "a file, no folder") / "cache"
    assert make_environment({"demo": plugin}, cache_dir=blocked).get_template("demo/b.html").render() == "one"


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "R$1,284.90"),
        ("pt_BR", "R$\u00a01.284,90"),
        ("es", "1.284,90\u00a0BRL"),
        ("fr", "1\u202f284,90\u00a0R$"),
    ],
)
def test_money_is_written_the_readers_way(environment: jinja2.Environment, locale: str, text: str) -> None:
    with use_locale(locale):
        assert text in _say(environment, "{{ amount|money }}", amount=Money(1_284_900_000, "BRL"))
        assert text in _say(environment, "{{ amount|money('BRL') }}", amount=1_284_900_000)
        assert text in _say(environment, "{{ amount|money }}", amount=(1_284_900_000, "BRL"))


def test_money_is_exact_up_to_the_largest_amount() -> None:
    assert format_money(4_611_686_018_427_387_903, "BRL", "en") == "R$4,611,686,018,427.39"
    assert format_money(12_345, "BRL", "en", exact=True) == "R$0.012345"
    assert format_money(-5_000_000, "JPY", "en") == "-JP¥5"


def test_an_address_breaks_behind_its_parts_and_nothing_of_it_is_markup() -> None:
    assert str(email_text("ana.b@mail.example")) == "ana.<wbr>b@<wbr>mail.<wbr>example"
    assert str(email_text("<b>@x")) == "&lt;b&gt;@<wbr>x"


def test_only_very_long_words_break_and_no_tag_or_escaped_character_does() -> None:
    assert str(breakable("Associação dos Amigos da Ópera")) == "Associação dos Amigos da Ópera"
    assert str(breakable("x" * 40)) == "x" * 40
    assert str(breakable("x" * 41)) == "<wbr>".join(["x" * 20, "x" * 20, "x"])
    link = Markup('<a href="/{}">{}</a>').format("a" * 60, "&" * 41)
    told = "<wbr>".join(["&amp;" * 20, "&amp;" * 20, "&amp;"])
    assert str(breakable(link)) == f'<a href="/{"a" * 60}">{told}</a>'
    assert "<b>" not in breakable("<b>" + "y" * 60)


@pytest.mark.parametrize(
    ("locale", "rate", "share"),
    [
        ("en", "7.65%", "41%"),
        ("pt_BR", "7,65%", "41%"),
        ("fr", "7,65\N{NO-BREAK SPACE}%", "41\N{NO-BREAK SPACE}%"),
    ],
)
def test_the_sign_of_a_percentage_stands_where_the_language_sets_it(
    locale: str, rate: str, share: str
) -> None:
    assert format_rate(7.65, locale) == rate
    assert format_rate(Decimal("3.00"), "en") == "3%"
    assert format_percent(0.41, locale) == share


def test_an_amount_without_its_currency_is_a_mistake(environment: jinja2.Environment) -> None:
    with pytest.raises(ValueError, match="currency"):
        _say(environment, "{{ amount|money }}", amount=5)


def test_times_are_shown_in_the_zone_of_display(environment: jinja2.Environment) -> None:
    moment = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    with use_locale("en", "America/Sao_Paulo"):
        html = _say(environment, "{{ moment|datetime }} {{ moment|date }}", moment=moment)
    assert "20 Nov 2026, 22:30" in html
    assert 'datetime="2026-11-20T22:30:00-03:00"' in html
    with use_locale("pt_BR", "UTC"):
        assert "21 de nov. de 2026" in _say(environment, "{{ day|date }}", day=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 412000000000|bytes }}", "412\u00a0GB"),
        ("{{ 1500|bytes }}", "1.5\u00a0kB"),
        ("{{ 185|duration }}", "3\u00a0min 05\u00a0s"),
        ("{{ 0.8|duration }}", "0.8\u00a0s"),
        ("{{ 7200|duration }}", "2\u00a0h"),
        ("{{ 1234567|number }}", "1,234,567"),
        ("{{ '5551999998888'|phone }}", "+55 51 99999-8888"),
        ("{{ 'not a number'|phone }}", "not a number"),
        ("{{ 'Padaria Estrela do Sul'|initials }}", "PS"),
    ],
)
def test_other_figures(environment: jinja2.Environment, source: str, text: str) -> None:
    assert _say(environment, source) == text


def test_how_long_ago(environment: jinja2.Environment) -> None:
    assert ">3 hours ago<" in _say(environment, "{{ t|relative }}", t=datetime.now(UTC) - timedelta(hours=3))


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("1.234,56", "pt_BR", "1234.56"),
        ("1234.56", "pt_BR", "1234.56"),
        ("1,234.56", "en", "1234.56"),
        ("7", "fr", "7"),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, locale: str, value: str) -> None:
    assert str(parse_decimal(text, locale)) == value


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "NaN", "Infinity", "1e5", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_decimal(text, "pt_BR")


def test_the_best_offered_language_is_chosen() -> None:
    assert negotiate("pt-PT,pt;q=0.9,en;q=0.8") == "pt_BR"
    assert negotiate("de-DE, fr;q=0.7, en;q=0.3") == "fr"
    assert negotiate("tlh") == "en"
    assert negotiate(None) == "en"


@pytest.fixture
def portuguese(tmp_path: Path) -> Any:
    """Catalogues of core and of a plugin."""
    plural = '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n'
    head = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n{plural}\n'
    rows = 'msgid "{n} row"\nmsgid_plural "{n} rows"\nmsgstr[0] "{n} linha"\nmsgstr[1] "{n} linhas"\n'
    core = head + 'msgid "Save"\nmsgstr "Salvar"\n\n' + rows
    plugin = head + 'msgid "Invoice"\nmsgstr "Fatura"\n\nmsgid "Save"\nmsgstr "Guardar"\n'
    _write(tmp_path / "core", "pt_BR/LC_MESSAGES/messages.po", core)
    _write(tmp_path / "plugin", "pt_BR/LC_MESSAGES/messages.po", plugin)
    i18n.install(i18n.I18n([tmp_path / "core", tmp_path / "plugin"]))
    yield
    i18n.install(i18n.I18n())


def test_catalogues_of_plugins_join_cores_which_wins(
    portuguese: None, environment: jinja2.Environment
) -> None:
    with use_locale("pt_BR"):
        assert (
            _say(environment, "{{ _('Save') }} {{ _('Invoice') }} {{ _('Unknown') }}")
            == "Salvar Fatura Unknown"
        )
        assert ngettext("{n} row", "{n} rows", 1200) == "1.200 linhas"
    assert _say(environment, "{{ _('Save') }}") == "Save"


def test_a_message_made_at_import_is_translated_when_it_is_shown(
    portuguese: None, environment: jinja2.Environment
) -> None:
    label = gettext("Save")
    assert label == "Save"
    with use_locale("pt_BR"):
        assert str(label) == f"{label}" == "Salvar"
        assert _say(environment, "{{ label }}", label=label) == "Salvar"
    assert isinstance(label, Lazy)
    assert str(label) == "Save"


def test_values_in_messages_are_escaped_but_markup_stays(environment: jinja2.Environment) -> None:
    html = _say(
        environment, "{{ _('Pay {sum} to {name}', sum=sum, name=name) }}", sum=Markup("<b>1</b>"), name="<i>"
    )
    assert html == "Pay <b>1</b> to &lt;i&gt;"


def test_htmx_gets_a_fragment_except_when_it_restores_history() -> None:
    assert wants_fragment(Headers({"HX-Request": "true"}))
    assert not wants_fragment(Headers({"HX-Request": "true", "HX-History-Restore-Request": "true"}))
    assert not wants_fragment(Headers({"HX-Request": "true", "HX-Boosted": "true"}))
    assert not wants_fragment(Headers({}))


def test_static_addresses_carry_the_hash_of_their_content(tmp_path: Path) -> None:
    core = _write(tmp_path / "core", "manifest.json", '{"app.css": "abc123"}')
    plugin = _write(tmp_path / "plugin", "map.js", "let x")
    assets = Assets({"network": plugin}, core)
    assert assets.url("core/app.css") == "/static/core/app.css?v=abc123"
    assert re.fullmatch(r"/static/network/map\.js\?v=[0-9a-f]{12}", assets.url("network/map.js"))
    assert assets.url("network/none.js") == "/static/network/none.js"
