"""How pages behave: their weight and letters, what scripts add, what works without them, and what is printed."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sample import STAFF, open_context, open_drawn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_pages_are_light(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    """In bytes that travel: 125 KB for whoever comes first, with charts too, 40 KB for each page after that."""
    context = open_context(chromium, sessions[STAFF], "light", 1440)
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
    open_drawn(page, demo + "/jobs/performance")
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
    context = open_context(chromium, sessions[STAFF], "light", 390)
    page = context.new_page()
    page.goto(demo)
    page.get_by_role("button", name="Menu").click()
    page.locator("#mobile-menu").get_by_role("link", name="Customers").click()
    expect(page).to_have_url(re.compile("/customers"))
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


def test_forms_and_lists_work_without_scripts(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    context = open_context(chromium, sessions[STAFF], "light", 1440, scripts=False)
    page = context.new_page()
    page.goto(f"{demo}/customers")
    name = page.locator("tbody tr").nth(1).locator("a").first.inner_text()
    page.locator("#table-customers-q").fill(name)
    page.locator("#table-customers-q").press("Enter")
    expect(page).to_have_url(re.compile("q="))
    expect(page.locator("tbody tr").first).to_contain_text(name)
    page.get_by_role("button", name="Filter", exact=True).click()
    filters = page.get_by_role("dialog", name="Filters")
    expect(filters).to_be_visible()
    asked = filters.bounding_box()
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
    context = open_context(chromium, sessions[STAFF], "light", 1440, scripts=scripts)
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
