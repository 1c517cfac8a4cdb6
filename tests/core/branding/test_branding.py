"""Brands: a colour makes a readable palette, a host name shows its brand, a reseller's customers hear from theirs."""

import io
import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from trunkline.app import App
from trunkline.auth import notices
from trunkline.auth.models import User
from trunkline.auth.operations import invite_portal_user
from trunkline.auth.schemas import InvitePortalUser
from trunkline.branding import operations
from trunkline.branding.brands import Brands
from trunkline.branding.models import Radius, Typeface
from trunkline.branding.palette import contrast, derive
from trunkline.branding.schemas import BrandFields, EditBrand
from trunkline.branding.spoken import address_for, language_for
from trunkline.branding.stylesheet import stylesheet
from trunkline.branding.themes import Themes
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind, Reseller
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict, Refused
from trunkline.files import store
from trunkline.mail import operations as mail
from trunkline.mail.models import Email
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()
HOST = "selfcare.araucaria.example"


def picture(size: int = 3) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "green").save(out, "PNG")
    out.seek(0)
    return out


def make(app: App, **fields: str) -> int:
    with app.unit_of_work() as ctx:
        return operations.create(ctx, BrandFields.model_validate({"name": "Araucária Net", **fields})).key


def of(colour: str, at: int) -> int:
    """One part of `#rrggbb`, 0 to 255."""
    return int(colour[at : at + 2], 16)


@given(colour=some.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_colour_gives_readable_text_and_visible_edges(colour: str) -> None:
    palette = derive(colour)
    assert contrast(palette.fg, palette.brand) >= 4.5
    assert contrast(palette.fg, palette.step) >= 4.5
    assert contrast(palette.ink_light, "#f3f5f8") >= 4.5
    assert contrast(palette.ink_dark, "#1d232c") >= 4.5
    for ink, ground in ((palette.ink_light, "#f3f5f8"), (palette.ink_dark, "#1d232c")):
        # Initials stand on a ground that an eighth of their own colour tints.
        tinted = "#" + bytes(round(0.13 * of(ink, at) + 0.87 * of(ground, at)) for at in (1, 3, 5)).hex()
        assert contrast(ink, tinted) >= 4.5
    assert contrast(palette.brand if palette.edge == "transparent" else palette.edge, "#f3f5f8") >= 3


def test_a_style_sheet_only_sets_what_pages_leave_open() -> None:
    css = stylesheet("#f5d90a", Radius.ROUND, Typeface.SERIF, "/static/brand/abc")
    names = re.findall(r"--[a-z0-9-]+(?=:)", css)
    assert set(names) == {
        *("--brand", "--brand-fg", "--brand-2", "--brand-edge", "--brand-ink"),
        *("--radius", "--brand-face", "--brand-picture"),
    }
    assert css.startswith("@layer theme {")


def test_two_themes_ship_and_the_operator_lays_in_more(
    app: App, config: Config, staff: Callable[..., Browser]
) -> None:
    folder = config.data / "themes" / "litoral"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text('label = "Litoral"\ncolour = "#006699"\nlogo = "../../secrets.key"\n')
    broken = config.data / "themes" / "broken"
    broken.mkdir()
    (broken / "theme.toml").write_text('label = "Broken"\ncolour = "red; } body { display: none"\n')
    unread = config.data / "themes" / "unread"
    unread.mkdir()
    (unread / "theme.toml").write_bytes(b"label = \xff")
    themes = app.part(Themes)
    assert {"trunkline", "araucaria", "litoral"} == set(themes.found)
    assert themes.get("litoral").file("logo") is None
    assert themes.get("gone").label == "Trunkline"
    shown = " ".join(re.sub("<[^>]*>", " ", staff().get("/branding").text).split())
    assert "The theme themes/broken cannot be used. colour: String should match pattern" in shown
    assert "The theme themes/unread cannot be used. theme.toml:" in shown
    assert "themes/litoral" not in shown


@pytest.mark.parametrize("with_python", [False, True])
def test_a_theme_of_a_wheel_is_offered_and_dresses_the_pages(
    app: App,
    staff: Callable[..., Browser],
    client: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    with_python: bool,
) -> None:
    package = f"trunkline_theme_{'coast' if with_python else 'shore'}"
    for name in (f"{package}/litoral", "themes-1.dist-info"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / package / "litoral" / "theme.toml").write_text('label = "Litoral"\ncolour = "#006699"\n')
    if with_python:
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "themes-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: themes\nVersion: 1\n"
    )
    points = f"[trunkline.themes]\nlitoral = {package}\nempty = tests.clock\ngone = trunkline_theme_gone\n"
    (tmp_path / "themes-1.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    browser = staff()
    assert 'value="litoral"' in browser.get("/branding/new").text
    browser.submit("/branding/new", {"name": "Litoral Net", "host": HOST, "theme": "litoral"})
    (css,) = re.findall(
        r'href="(/static/brand/[0-9a-f]+\.css)"', client.get("/sign-in", headers={"host": HOST}).text
    )
    assert "--brand: #006699" in client.get(css).text
    shown = browser.get("/branding").text
    for point, reason in {
        "empty": "tests.clock holds no theme.toml",
        "gone": "there is no package trunkline_theme_gone",
    }.items():
        assert f"the theme in {point} cannot be used: {reason}" in caplog.text
        assert f"The theme {point} cannot be used." in shown
        assert reason in shown


def test_a_host_name_shows_its_brand_and_others_the_operators(
    app: App, staff: Callable[..., Browser], client: Browser
) -> None:
    key = make(app, host=HOST, theme="araucaria", greeting="Bem-vindo!", language="pt_BR", support="0800 41")
    with app.unit_of_work() as ctx:
        operations.set_picture(ctx, key, "logo", picture(), "logo.png")
    shown = client.get("/sign-in", headers={"host": HOST})
    assert "Araucária Net" in shown.text
    assert "Bem-vindo!" in shown.text
    assert "0800 41" in shown.text
    assert 'lang="pt-BR"' in shown.text
    (css,) = re.findall(r'href="(/static/brand/[0-9a-f]+\.css)"', shown.text)
    sheet = client.get(css)
    assert "--brand: #0f6b4f" in sheet.text
    assert "immutable" in sheet.headers["cache-control"]
    (logo,) = re.findall(r'src="(/static/brand/[0-9a-f]+)"', shown.text)
    assert client.get(logo).content == picture().getvalue()
    (hills,) = re.findall(r'url\("(/static/brand/[0-9a-f]+)"\)', sheet.text)
    assert client.get(hills).headers["content-type"].startswith("image/svg")
    assert "Araucária" not in client.get("/sign-in").text
    assert client.get("/static/brand/../../secrets.key").status_code == 404


def test_what_is_no_picture_or_too_large_is_no_logo(app: App) -> None:
    key = make(app)
    for body in (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"%PDF-1.7", b"x" * 1_000_001):
        with app.unit_of_work() as ctx, pytest.raises(Refused) as refused:
            operations.set_picture(ctx, key, "logo", io.BytesIO(body), "logo.png")
        assert refused.value.field == "file"


def test_a_new_picture_replaces_the_old_one_in_the_store(app: App) -> None:
    key = make(app)
    for size in (3, 4):
        with app.unit_of_work() as ctx:
            operations.set_picture(ctx, key, "favicon", picture(size), "icon.png")
    kept = [path.read_bytes() for path in store.folder(app).rglob("*") if path.is_file()]
    assert kept == [picture(4).getvalue()]
    with app.unit_of_work() as ctx:
        operations.remove(ctx, key)
    assert not [path for path in store.folder(app).rglob("*") if path.is_file()]


def test_a_former_logo_stays_in_the_store_for_the_documents_that_bear_it(app: App) -> None:
    key = make(app)
    for size in (3, 4):
        with app.unit_of_work() as ctx:
            operations.set_picture(ctx, key, "logo", picture(size), "logo.png")
    with app.unit_of_work() as ctx:
        operations.remove(ctx, key)
    kept = {path.read_bytes() for path in store.folder(app).rglob("*") if path.is_file()}
    assert kept == {picture(3).getvalue(), picture(4).getvalue()}


def test_mail_under_a_resellers_brand_without_a_sender_bears_its_name(app: App) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.add(Reseller(code="araucaria", name="Araucária"))
    make(app, reseller="araucaria", name="Araucária, Net")
    with app.unit_of_work() as ctx:
        theirs = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana", reseller_code="araucaria")
        )
        sent = mail.queue(
            ctx,
            template="core/mail/password_changed",
            to="ana@example.com",
            language="en",
            context={"name": "Ana", "operator": "x", "at": ctx.now(), "address": "", "forgotten": "x"},
            customer_id=theirs.key,
            key="k",
        )
        _name, address = parseaddr(app.config.mail.sender)
        assert parseaddr(sent.sender) == ("Araucária, Net", address)


@pytest.mark.both_databases
def test_a_resellers_customers_hear_from_their_brand(app: App) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.add(Reseller(code="araucaria", name="Araucária"))
    make(
        app,
        reseller="araucaria",
        host=HOST,
        mail_sender="Araucária Net <ola@araucaria.example>",
        mail_footer="Rua das Flores 1\nCuritiba",
    )
    with app.unit_of_work() as ctx:
        theirs = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana", reseller_code="araucaria")
        )
        ours = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bruno"))
        sent = [
            mail.queue(
                ctx,
                template="core/mail/password_changed",
                to="ana@example.com",
                language="en",
                context={"name": "Ana", "operator": "x", "at": ctx.now(), "address": "", "forgotten": "x"},
                customer_id=one.key,
                key=f"k{one.key}",
            )
            for one in (theirs, ours)
        ]
        assert sent[0].sender == "Araucária Net <ola@araucaria.example>"
        assert sent[0].text.endswith("-- \nRua das Flores 1\nCuritiba\n")
        assert sent[1].sender == app.config.mail.sender
        assert "Rua das Flores" not in sent[1].text


def test_a_resellers_customers_are_spoken_to_in_its_language_and_led_to_its_host(app: App) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.add(Reseller(code="araucaria", name="Araucária"))
    make(app, name="Araucária Net", reseller="araucaria", host=HOST, language="pt_BR")
    with app.unit_of_work() as ctx:
        theirs = customers.register(
            ctx,
            RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana", reseller_code="araucaria"),
        )
        ours = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bruno"))
        spoken = [language_for(ctx, one.language, one.reseller_id) for one in (theirs, ours)]
        assert spoken == ["pt_BR", app.config.language]
        assert language_for(ctx, "fr", theirs.reseller_id) == "fr"
        assert HOST in address_for(ctx, theirs.reseller_id)
        for one, address in ((theirs, "ana@example.com"), (ours, "bruno@example.com")):
            invited = InvitePortalUser(email=address, name=one.name, language="en", customer_id=one.key)
            invite_portal_user(ctx, invited)
    with app.reading() as ctx:
        letters = {letter.recipient: letter for letter in ctx.session.scalars(select(Email))}
        assert f"//{HOST}" in letters["ana@example.com"].text
        assert "Araucária Net" in letters["ana@example.com"].text
        assert app.config.public_url in letters["bruno@example.com"].text
        assert HOST not in letters["bruno@example.com"].text
    with app.unit_of_work() as ctx:
        for user in ctx.session.scalars(select(User)).all():
            notices.tell(ctx, user, "password_changed")
    with app.reading() as ctx:
        changed = select(Email).where(col(Email.template) == "core/mail/password_changed")
        told = {letter.recipient: letter for letter in ctx.session.scalars(changed)}
        assert "Your password for Araucária Net" in told["ana@example.com"].subject
        assert f"//{HOST}/forgotten-password" in told["ana@example.com"].text.replace(":8000", "")
        assert f"{app.config.public_url}/forgotten-password" in told["bruno@example.com"].text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"host": "https://x.example/"}, "host"),
        ({"colour": "red"}, "colour"),
        ({"mail_sender": "a@b.example\r\nBcc: c@d.example"}, "mail_sender"),
        ({"mail_sender": "nobody"}, "mail_sender"),
        ({"theme": "gone"}, "theme"),
        ({"reseller": "nobody"}, "reseller"),
    ],
)
def test_a_mistake_is_named_beside_its_field(
    app: App, staff: Callable[..., Browser], fields: dict[str, str], field: str
) -> None:
    answer = staff().submit("/branding/new", {"name": "X", "theme": "trunkline", **fields})
    assert answer.status_code == 422
    assert re.search(rf'id="f-{field}-error"', answer.text)


def test_two_brands_do_not_share_a_host_and_a_second_editor_is_told(app: App) -> None:
    key = make(app, host=HOST)
    with pytest.raises(Conflict):
        make(app, host=HOST)
    with app.unit_of_work() as ctx:
        operations.edit(ctx, key, EditBrand(name="First", host=HOST, version=1))
    with app.unit_of_work() as ctx, pytest.raises(Conflict):
        operations.edit(ctx, key, EditBrand(name="Second", host=HOST, version=1))


def test_a_host_that_the_configuration_does_not_know_is_refused(app: App) -> None:
    app.config = app.config.model_copy(update={"hosts": ("bss.example",)})
    with pytest.raises(Refused, match="does not answer"):
        make(app, host=HOST)
    assert make(app, host="bss.example")


def test_the_list_of_brands_says_themes_by_their_names(app: App, staff: Callable[..., Browser]) -> None:
    make(app, host=HOST, theme="araucaria")
    listed = staff().get("/branding").text.partition("<tbody>")[2]
    assert "Araucária" in listed
    assert ">araucaria<" not in listed


def test_staff_make_a_brand_and_see_its_colours(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    made = browser.submit(
        "/branding/new", {"name": "Litoral", "host": HOST, "theme": "trunkline", "colour": "#F5D90A"}
    )
    assert "#f5d90a" in made.text
    assert app.part(Brands).of_host(HOST + ":8000").name == "Litoral"
    token = browser.csrf("/branding")
    done = browser.post(
        "/branding/1/pictures/logo",
        data={"csrf_token": token},
        files={"file": ("logo.png", picture(), "image/png")},
    )
    assert "Its own" in done.text
    assert Path(app.part(Brands).of_host(HOST).logo).parent == Path("/static/brand")
