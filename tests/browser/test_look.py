"""How pages look and behave to everybody: contrast, names and focus by axe, no sideways scroll, and what scripts add."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.chromium import PATIENCE
from tests.line.system import PASSWORD, wait_for
from tests.services.loopback import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

AXE = Path(__file__).resolve().parents[2] / "assets" / "node_modules" / "axe-core" / "axe.min.js"
#: Only violations are looked for and told: what is right, node by node, took a third of the time of all that axe does.
_ASK_AXE = """(rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then(
    ({ violations }) => violations.flatMap(
        ({ id, nodes }) => nodes.slice(0, 3).map(node => `${id}: ${node.target.join(" ")}`)))"""
#: Words of stacked rows that reach over the edge of their cell, where nobody can scroll to them.
_CUT_CELLS = """() => [...document.querySelectorAll(".stk > tbody > tr > td")]
    .filter(cell => getComputedStyle(cell).display === "grid" && cell.scrollWidth > cell.clientWidth + 1)
    .map(cell => cell.innerText)"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What the colours of a page decide.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
STAFF, CUSTOMER = "administrator", "portal_owner"
Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")
#: Mode and width of a desk by day and of a phone by night.
DESK: tuple[Mode, int] = ("light", 1440)
PHONE: tuple[Mode, int] = ("dark", 390)
_MAKING = 600.0


@dataclass(frozen=True)
class Demo:
    """A small sample operator: where it is, and who signs in by role."""

    url: str
    sign_ins: dict[str, str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    log = folder / "log"
    options = ["--data", str(folder / "data"), "--port", str(port), "--scale", "0.04"]
    with log.open("wb") as out:
        command = [sys.executable, "-m", "trunkline.cli", "demo", *options]
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)

    def is_ready() -> bool:
        said = log.read_text("utf-8", "replace")
        assert process.poll() is None, said
        return "Ready at" in said

    try:
        wait_for(is_ready, "the demo", within=_MAKING)
        printed = re.findall(r"^(\S+@\S+)\s+\S+\s+(\w+)$", log.read_text("utf-8"), re.MULTILINE)
        yield Demo(f"http://127.0.0.1:{port}", {role: email for email, role in printed})
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def demo(running: Demo) -> str:
    """The address of the sample operator."""
    return running.url


@pytest.fixture(scope="module")
def sessions(running: Demo, demo: str, chromium: Browser) -> dict[str, Any]:
    """The cookies of an administrator and of a customer, by role."""
    states: dict[str, Any] = {}
    for role in (STAFF, CUSTOMER):
        context = chromium.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{demo}/sign-in")
        page.locator('[name="email"]').fill(running.sign_ins[role])
        page.locator('[name="password"]').fill(PASSWORD)
        page.locator('button[type="submit"]').click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        states[role] = context.storage_state()
        context.close()
    return states


@pytest.fixture
def staff_page(demo: str, chromium: Browser, sessions: dict[str, Any]) -> Iterator[Page]:
    context = _context(chromium, sessions[STAFF], "light", 1440)
    yield context.new_page()
    context.close()


def _viewport(width: int) -> ViewportSize:
    return {"width": width, "height": 900 if width > 500 else 844}


def _context(
    chromium: Browser, state: Any, mode: Mode, width: int, *, scripts: bool = True
) -> BrowserContext:
    context = chromium.new_context(
        storage_state=state,
        viewport=_viewport(width),
        color_scheme=mode,
        reduced_motion="reduce",
        locale="en-GB",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE)
    return context


def _complaints(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe finds on the page as it stands, by tags or names of rules, and whether it scrolls sideways."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{AXE.read_text('utf-8')}; 0")
    found: list[str] = page.evaluate(_ASK_AXE, rules)
    found += [f"cut: {text}" for text in page.evaluate(_CUT_CELLS)]
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"scrolls sideways by {over} px"] if over > 0 else [])]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
@pytest.mark.parametrize(
    ("role", "home", "menu"),
    [(STAFF, "/", ".shell > .nav-side .nav-link"), (CUSTOMER, "/portal", ".p-top nav a")],
    ids=["staff", "portal"],
)
def test_every_page_of_the_menu_is_accessible(
    demo: str, chromium: Browser, sessions: dict[str, Any], role: str, home: str, menu: str
) -> None:
    context = _context(chromium, sessions[role], *DESK)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(demo + home)
    links = page.locator(menu).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    places = list(dict.fromkeys(links))
    screens = [DESK, PHONE]
    for place in places:
        answer = page.goto(demo + place)
        assert answer is not None
        assert answer.status == 200, place
        for mode, width in screens:
            _turn(page, mode, width)
            problems += [f"{place} ({mode}, {width}): {line}" for line in _complaints(page)]
        # A page that opened on a phone is followed by one that opens at a desk: half of them begin on each.
        screens.reverse()
        record = page.locator("tr[data-href]").first
        if place in links and record.count():
            # The list grows while it is walked: the first record of each list is looked at, too.
            places.append(str(record.get_attribute("data-href")))
    context.close()
    assert len(places) >= 5
    assert problems == []


def _turn(page: Page, mode: Mode, width: int) -> None:
    """Show the open page on another screen, and wait until it has been drawn there."""
    page.set_viewport_size(_viewport(width))
    page.emulate_media(color_scheme=mode, reduced_motion="reduce")
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
def test_what_opens_over_a_page_is_accessible_too(demo: str, staff_page: Page) -> None:
    page = staff_page

    def complaints() -> list[str]:
        found = []
        for mode in MODES:
            page.emulate_media(color_scheme=mode, reduced_motion="reduce")
            found += [f"{mode}: {line}" for line in _complaints(page)]
        return found

    page.goto(f"{demo}/customers")
    page.get_by_role("button", name="Filter").click()
    assert complaints() == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#palette-q").fill("a")
    expect(page.locator("#palette-list [role=option]").first).to_be_visible()
    assert complaints() == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert complaints() == []


def test_pages_are_light(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    """In bytes that travel: 125 KB for whoever comes first, with charts too, 40 KB for each page after that."""
    context = _context(chromium, sessions[STAFF], "light", 1440)
    page = context.new_page()
    meter, sizes = context.new_cdp_session(page), list[float]()
    meter.send("Network.enable")
    meter.on("Network.loadingFinished", lambda said: sizes.append(said["encodedDataLength"]))

    def weight(path: str) -> float:
        sizes.clear()
        page.goto(demo + path)
        page.evaluate("document.fonts.ready.then(() => 0)")
        return sum(sizes) / 1000

    paths = ["/customers", "/catalog/services", "/billing/invoices", "/inventory", "/permissions", "/"]
    first = weight(paths[0])
    later = {path: weight(path) for path in paths[1:]}
    _open_drawn(page, demo + "/jobs/performance")
    meter.send("Network.clearBrowserCache")
    charts = weight("/jobs/performance")
    drawn = page.locator(".plot svg path").count()
    context.close()
    assert 50 < first <= 125
    assert {path: kilobytes for path, kilobytes in later.items() if kilobytes > 40} == {}
    assert drawn >= 2
    assert charts <= 125


def test_letters_of_other_alphabets_are_of_our_font_and_fetched_only_where_they_stand(
    demo: str, staff_page: Page
) -> None:
    def fetched(path: str) -> set[str]:
        staff_page.goto(demo + path)
        # Laying the page out is what asks for the letters that it has.
        faces = """() => { document.body.offsetHeight; return document.fonts.ready.then(
            () => [...document.fonts].filter(face => face.status === "loaded").map(face => face.unicodeRange)) }"""
        ranges = {"U+100-": "latin-ext", "U+400-": "cyrillic", "U+370-": "greek"}
        return {
            name
            for found in staff_page.evaluate(faces)
            for begin, name in ranges.items()
            if found.startswith(begin)
        }

    assert fetched("/customers") == set()
    assert fetched("/search?q=Wałęsa+Erdős+Şahin") == {"latin-ext"}
    # What a browser has at hand already may count as loaded.
    assert fetched("/search?q=Ελένη") - {"latin-ext"} == {"greek"}
    assert "cyrillic" in fetched("/search?q=Жанна")


def _open_drawn(page: Page, address: str) -> None:
    """Open a page with charts once there is something to draw: the first jobs end while the demo is looked at."""

    def is_drawn() -> bool:
        page.goto(address)
        return page.locator(".plot").count() > 0

    wait_for(is_drawn, "a chart", within=_MAKING)


def test_a_printed_chart_keeps_its_bars(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/billing/figures")
    bars = staff_page.locator(".plot path.bar").first
    expect(bars).to_be_visible()
    staff_page.emulate_media(media="print")
    expect(bars).to_be_visible()
    expect(staff_page.locator(".nav-side").first).to_be_hidden()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
def test_a_chart_is_read_by_pointer_by_keys_and_as_a_table(demo: str, staff_page: Page) -> None:
    page = staff_page
    _open_drawn(page, f"{demo}/jobs/performance")
    chart = page.locator("#outcomes")
    plot, rows = chart.locator(".plot"), chart.locator("tbody tr")
    latest = rows.last.locator("th").text_content() or ""
    assert rows.count() == 30
    plot.focus()
    page.keyboard.press("End")
    expect(chart.locator(".tip b")).to_have_text(latest)
    expect(chart.locator("[aria-live]")).to_contain_text(latest)
    page.keyboard.press("ArrowLeft")
    expect(chart.locator(".tip b")).to_have_text(rows.nth(28).locator("th").text_content() or "")
    page.keyboard.press("Escape")
    expect(chart.locator(".tip")).to_have_count(0)
    chart.locator(".area").hover(position={"x": 3, "y": 40})
    expect(chart.locator(".tip b")).to_have_text(rows.first.locator("th").text_content() or "")
    went_well = chart.get_by_role("button", name="Went well")
    went_well.click()
    expect(went_well).to_have_attribute("aria-pressed", "false")
    expect(chart.locator(".area path").first).to_be_hidden()
    for screen in (DESK, PHONE):
        _turn(page, *screen)
        assert _complaints(page) == []
    chart.get_by_role("button", name="Table").click()
    expect(chart.get_by_role("table")).to_be_visible()
    expect(plot).to_be_hidden()
    assert _complaints(page) == []
    with page.expect_download() as download:
        chart.get_by_role("link", name="CSV file").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "day,succeeded,failed"
    assert len(lines) == 31


def test_a_chart_is_there_without_scripts(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    context = _context(chromium, sessions[STAFF], *DESK, scripts=False)
    page = context.new_page()
    _open_drawn(page, f"{demo}/jobs/performance")
    expect(page.locator("#outcomes svg path").first).to_be_visible()
    expect(page.locator("#outcomes table")).to_be_visible()
    context.close()


def test_dates_of_stacked_rows_keep_their_order_from_right_to_left(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = _context(chromium, sessions[STAFF], *PHONE)
    page = context.new_page()
    page.goto(f"{demo}/billing/payments")
    page.evaluate("document.documentElement.dir = 'rtl'")
    date = page.locator(".stk tbody time").first
    expect(date).to_be_visible()
    assert re.match(r"\d+ \w+ \d{4}", date.inner_text())
    places = date.evaluate(
        """time => [...time.textContent].map((_letter, at) => {
            const range = document.createRange();
            range.setStart(time.firstChild, at);
            range.setEnd(time.firstChild, at + 1);
            return range.getBoundingClientRect().left;
        })"""
    )
    context.close()
    assert places == sorted(places)


def test_crumbs_can_be_hit_and_only_the_long_name_among_them_gives_way(demo: str, staff_page: Page) -> None:
    page = staff_page
    page.goto(f"{demo}/billing/customers/C000001/accounts/new")
    links = page.locator(".breadcrumb a")
    expect(links).to_have_count(3)
    page.evaluate("document.querySelectorAll('.breadcrumb a')[1].textContent = 'Papelaria '.repeat(20)")
    sizes = "links => links.map(link => [link.getBoundingClientRect().height, link.scrollWidth - link.clientWidth])"
    (first, first_cut), (name, name_cut), (tab, tab_cut) = links.evaluate_all(sizes)
    assert min(first, name, tab) >= 24, "what can be clicked (WCAG 2.2, 2.5.8)"
    assert name_cut > 0
    assert (first_cut, tab_cut) == (0, 0)


def test_a_very_long_name_gives_way_and_pushes_no_column_out_of_a_list(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/customers")
    staff_page.locator("tbody .cell-text > *").first.evaluate(
        "name => { name.textContent = 'Associação '.repeat(20); }"
    )
    assert staff_page.locator("table").first.evaluate(
        "table => table.offsetWidth <= table.parentElement.clientWidth"
    )


def test_searching_a_list_keeps_focus_and_writes_the_address(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/customers")
    rows = staff_page.locator("tbody tr")
    everybody = rows.count()
    name = rows.nth(1).locator("a").first.inner_text()
    staff_page.locator("#table-customers-q").press_sequentially(name, delay=5)
    expect(staff_page).to_have_url(re.compile(r"/customers\?q="))
    expect(rows.first).to_contain_text(name)
    assert staff_page.evaluate("document.activeElement.id") == "table-customers-q"
    staff_page.go_back()
    expect(staff_page.locator("tbody tr")).to_have_count(everybody)


def test_the_log_of_a_job_hides_what_does_not_match_while_one_types(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/jobs?q=Activate")
    staff_page.locator("#table-jobs tbody tr").last.locator("a").first.click()
    lines = staff_page.locator("#job-log .ln:visible")
    expect(lines.nth(1)).to_be_visible()
    staff_page.get_by_label("Search the log").press_sequentially("no such line", delay=5)
    expect(lines).to_have_count(0)
    said = "getComputedStyle(document.getElementById('job-log'), '::before').content"
    assert staff_page.evaluate(said) == '"No line matches."'
    staff_page.get_by_label("Search the log").fill("Queued by")
    expect(lines).to_have_count(1)
    assert staff_page.evaluate(said) == "none"
    staff_page.get_by_label("Search the log").press("Enter")
    expect(staff_page).to_have_url(re.compile(r"\?q=Queued"))
    expect(lines).to_have_count(1)


def test_a_new_job_comes_into_an_open_list_by_itself(demo: str, staff_page: Page) -> None:
    beside = staff_page.context.new_page()
    beside.goto(f"{demo}/catalog/orders?view=failed")
    failed = beside.locator("#table-catalog-orders tbody a").first

    def is_there() -> bool:
        beside.reload()
        return failed.is_visible()

    # The demo's last jobs run beside the first pages.
    wait_for(is_there, "the order that fails", within=_MAKING)
    staff_page.goto(f"{demo}/jobs")
    rows = staff_page.locator("#table-jobs tbody tr")
    before = rows.count()
    failed.click()
    beside.get_by_role("button", name="Try again").click()
    expect(beside.get_by_role("button", name="Try again")).to_have_count(0)
    # The list does not grow while its page is hidden.
    staff_page.bring_to_front()
    # Or more: the system has jobs of its own.
    expect(rows.nth(before)).to_be_visible()


def test_a_sorted_column_says_so_and_turns_round(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/customers")
    heading = staff_page.locator("thead th", has_text="Name")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    first = staff_page.locator("tbody tr").first.inner_text()
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert staff_page.locator("tbody tr").first.inner_text() != first


def test_the_palette_finds_pages_and_records_by_keyboard(demo: str, staff_page: Page) -> None:
    staff_page.goto(demo)
    staff_page.keyboard.press("/")
    staff_page.locator("#palette-q").press_sequentially("invent", delay=5)
    expect(staff_page.locator("#palette-list [aria-selected=true]")).to_be_visible()
    staff_page.locator("#palette-list [data-page]", has_text="Inventory").wait_for()
    staff_page.keyboard.press("ArrowUp")
    staff_page.keyboard.press("Enter")
    expect(staff_page).to_have_url(re.compile("/inventory"))


def test_theme_and_density_stay_with_the_browser(demo: str, staff_page: Page) -> None:
    staff_page.goto(demo)
    staff_page.get_by_role("button", name=re.compile("account of")).click()
    staff_page.get_by_role("button", name="Dark").click()
    staff_page.get_by_role("button", name="Roomy").click()
    staff_page.reload()
    root = staff_page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    expect(root).to_have_attribute("data-density", "roomy")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
@pytest.mark.parametrize("path", ["/", "/customers"])
def test_an_open_page_stays_readable_when_the_mode_changes(demo: str, staff_page: Page, path: str) -> None:
    staff_page.goto(demo + path)
    modes: tuple[Mode, ...] = ("dark", "light", "dark")
    for mode in modes:
        staff_page.emulate_media(color_scheme=mode, reduced_motion="reduce")
        assert _complaints(staff_page, OF_COLOURS) == [], f"the device turned {mode}"
    for name in ("Light", "Dark", "Light"):
        staff_page.get_by_role("button", name=re.compile("account of")).click()
        staff_page.get_by_role("button", name=name, exact=True).click()
        staff_page.keyboard.press("Escape")
        assert _complaints(staff_page, OF_COLOURS) == [], f"{name} was chosen"


def test_a_form_with_mistakes_puts_focus_on_what_is_wrong(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/customers/new?kind=individual")
    staff_page.locator('[name="email"]').fill("no address")
    expect(staff_page.get_by_text("Not saved yet")).to_be_visible()
    staff_page.get_by_role("button", name="Add customer").click()
    summary = staff_page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    assert staff_page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    expect(staff_page.locator('[name="email"]')).to_have_value("no address")


def test_the_menu_is_a_drawer_on_a_phone(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    context = _context(chromium, sessions[STAFF], "light", 390)
    page = context.new_page()
    page.goto(demo)
    page.get_by_role("button", name="Menu").click()
    page.locator("#mobile-menu").get_by_role("link", name="Customers").click()
    expect(page).to_have_url(re.compile("/customers"))
    context.close()


def test_rows_are_picked_for_a_bulk_action_on_a_phone(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = _context(chromium, sessions[STAFF], "light", 390)
    page = context.new_page()
    page.goto(f"{demo}/inventory")
    page.locator("tbody tr").nth(1).locator(".pick label").click(position={"x": 6, "y": 10})
    expect(page).to_have_url(re.compile("/inventory$"))
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    grounds = page.locator("tbody tr.table-active > td").evaluate_all(
        "cells => [...new Set(cells.map(cell => getComputedStyle(cell).backgroundColor))]"
    )
    assert grounds == ["rgba(0, 0, 0, 0)"], "the row alone is coloured, so that no cell stands out of it"
    page.locator("thead .pick label").click()
    expect(page.locator("[data-bulk-count]")).to_have_text(str(page.locator("tbody tr").count()))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; run `./run assets`")
@pytest.mark.parametrize(("path", "width"), [("/users/new", 390), ("/webhooks/new", 390), ("/imports", 320)])
def test_forms_that_are_full_of_choices_fit_a_phone(
    demo: str, chromium: Browser, sessions: dict[str, Any], path: str, width: int
) -> None:
    context = _context(chromium, sessions[STAFF], "dark", width)
    page = context.new_page()
    page.goto(demo + path)
    assert _complaints(page) == []
    context.close()


def test_a_list_is_sorted_on_a_phone_with_scripts_and_without(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    for scripts in (True, False):
        context = _context(chromium, sessions[STAFF], "light", 390, scripts=scripts)
        page = context.new_page()
        page.goto(f"{demo}/customers")
        lead = page.locator("tbody tr").first
        first = lead.inner_text()
        page.get_by_role("button", name="Sort").press("Enter")
        page.get_by_role("link", name="Descending").press("Enter")
        expect(page).to_have_url(re.compile("sort=-name"))
        expect(lead).not_to_contain_text(first.splitlines()[0])
        context.close()


def test_a_phone_takes_files_of_a_list_and_chooses_its_columns(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = _context(chromium, sessions[STAFF], "light", 390)
    page = context.new_page()
    page.goto(f"{demo}/customers")
    email = page.locator("tbody tr").first.get_by_text("@")
    expect(email).to_be_hidden()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV file").click()
    assert taken.value.suggested_filename == "customers.csv"
    page.goto(f"{demo}/customers")
    page.get_by_role("button", name="Columns and density").click()
    page.get_by_role("link", name="All of these in each row").click()
    expect(email).to_be_visible()
    said = "element => getComputedStyle(element.closest('td'), '::before').content"
    assert email.evaluate(said) == '"E-mail"'
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("dialog", name="Save view")).to_be_visible()
    context.close()


def test_a_shared_view_beyond_a_phones_edge_does_not_push_the_page_aside(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = _context(chromium, sessions[STAFF], "light", 390)
    page = context.new_page()
    page.goto(f"{demo}/customers?kind=business")
    page.get_by_role("button", name="Save view").click()
    asked = page.get_by_role("dialog", name="Save view")
    asked.get_by_label("Name").fill("Businesses of everybody")
    asked.get_by_label("Shared with everybody").check()
    asked.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("link", name="Shared view: Businesses of everybody")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("button", name="Remove view").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove view").last.click()
    expect(page.get_by_role("link", name="Shared view: Businesses of everybody")).to_have_count(0)
    context.close()


def test_paper_is_white_and_carries_what_is_read_and_no_menus(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/jobs")
    staff_page.goto(demo + str(staff_page.locator("tr[data-href]").first.get_attribute("data-href")))
    staff_page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    staff_page.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
    log, title = staff_page.locator(".log"), staff_page.get_by_role("heading", level=1)
    assert log.evaluate("log => log.scrollHeight <= log.clientHeight"), "all of its lines"
    expect(log).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    expect(staff_page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    lightness = "title => Math.max(...getComputedStyle(title).color.match(/[0-9]+/g).slice(0, 3).map(Number))"
    assert title.evaluate(lightness) < 64, "dark ink"
    staff_page.goto(f"{demo}/customers")
    expect(staff_page.get_by_role("navigation")).to_have_count(0)
    expect(staff_page.locator("tbody tr").first).to_be_visible()


def test_a_phone_number_keeps_its_order_where_text_runs_from_right_to_left(
    demo: str, staff_page: Page
) -> None:
    staff_page.goto(f"{demo}/customers")
    staff_page.evaluate("document.documentElement.dir = 'rtl'")
    places = staff_page.locator("tbody td", has_text=re.compile(r"^\s*\+55")).first.evaluate(
        """cell => {
            const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            let text = walk.nextNode();
            while (!text.data.includes("+")) text = walk.nextNode();
            const at = (index) => {
                const range = document.createRange();
                range.setStart(text, index);
                range.setEnd(text, index + 1);
                return range.getBoundingClientRect().left;
            };
            const plus = text.data.indexOf("+");
            return [at(plus), at(plus + 1), at(text.data.trimEnd().length - 1)];
        }"""
    )
    assert places == sorted(places)


def test_forms_and_lists_work_without_scripts(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    context = _context(chromium, sessions[STAFF], "light", 1440, scripts=False)
    page = context.new_page()
    page.goto(f"{demo}/customers")
    name = page.locator("tbody tr").nth(1).locator("a").first.inner_text()
    page.locator("#table-customers-q").fill(name)
    page.locator("#table-customers-q").press("Enter")
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("tbody tr").first).to_contain_text(name)
    page.get_by_role("button", name="Filter", exact=True).click()
    asked = page.get_by_role("dialog", name="Filters").bounding_box()
    assert asked is not None
    assert abs(asked["x"] + asked["width"] / 2 - 720) < 20, "in the middle of the window"
    page.goto(f"{demo}/customers/new?kind=individual")
    page.get_by_role("button", name="Add customer").click()
    expect(page.get_by_role("alert")).to_contain_text("correct")
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_order_grows_and_shrinks_by_lines_without_losing_what_was_typed(
    demo: str, chromium: Browser, sessions: dict[str, Any], scripts: bool
) -> None:
    context = _context(chromium, sessions[STAFF], "light", 1440, scripts=scripts)
    page = context.new_page()
    page.goto(f"{demo}/catalog/orders/new?customer=C000001")
    page.get_by_role("link", name="Choose Móvel 10 GB").click()
    page.locator('[name="note"]').fill("For the family")
    for lines in (2, 3):
        page.get_by_role("button", name="Add another line").click()
        expect(page.locator(f"#line-{lines}")).to_be_visible()
    page.locator('[name="lines.2.pick_sim"]').fill("nonsense")
    page.get_by_role("button", name="Review").click()
    expect(page.locator("#f-lines-2-pick_sim-error")).to_contain_text("is not in stock")
    page.get_by_role("button", name="Remove line 3").click()
    expect(page.locator("#line-3")).to_have_count(0)
    # Enter asks for the review and removes nothing.
    page.locator('[name="lines.1.pick_number"]').press("Enter")
    expect(page.get_by_role("button", name="Place order")).to_be_visible()
    expect(page.locator("#line-2")).to_be_visible()
    expect(page.locator("main")).to_contain_text("For the family")
    context.close()


def test_filters_and_typed_numbers_are_whole_where_text_runs_from_right_to_left(
    demo: str, staff_page: Page
) -> None:
    staff_page.goto(f"{demo}/customers")
    staff_page.evaluate("document.documentElement.dir = 'rtl'")
    staff_page.get_by_role("button", name="Filter").click()
    panel = staff_page.get_by_role("dialog", name="Filters")
    expect(panel).to_be_visible()
    outside = panel.evaluate(
        """panel => {
            const room = panel.getBoundingClientRect();
            return [...panel.querySelectorAll('label')].map(label => [label, label.getBoundingClientRect()])
                .filter(([, box]) => box.left < room.left || box.right > room.right)
                .map(([label]) => label.textContent.trim());
        }"""
    )
    assert outside == []
    staff_page.goto(f"{demo}/customers/C000001/edit")
    staff_page.evaluate("document.documentElement.dir = 'rtl'")
    expect(staff_page.get_by_label("Phone")).to_have_css("unicode-bidi", "plaintext")
