"""Pages to everybody: contrast, names and focus by axe, no sideways scroll, at the desk and on a phone, charts included."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sample import (
    CUSTOMER,
    DESK,
    MODES,
    OF_COLOURS,
    PHONE,
    STAFF,
    Mode,
    complaints_of,
    needs_axe,
    open_context,
    open_drawn,
    turn,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@needs_axe
@pytest.mark.parametrize(
    ("role", "home", "menu"),
    [(STAFF, "/", ".shell > .nav-side .nav-link"), (CUSTOMER, "/portal", ".p-top nav a")],
    ids=["staff", "portal"],
)
def test_every_page_of_the_menu_is_accessible(
    demo: str, chromium: Browser, sessions: dict[str, Any], role: str, home: str, menu: str
) -> None:
    context = open_context(chromium, sessions[role], *DESK)
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
            turn(page, mode, width)
            problems += [f"{place} ({mode}, {width}): {line}" for line in complaints_of(page)]
        # A page that opened on a phone is followed by one that opens at a desk: half of them begin on each.
        screens.reverse()
        record = page.locator("tr[data-href]").first
        if place in links and record.count():
            # The list grows while it is walked: the first record of each list is looked at, too.
            places.append(str(record.get_attribute("data-href")))
    context.close()
    assert len(places) >= 5
    assert problems == []


@needs_axe
def test_what_opens_over_a_page_is_accessible_too(demo: str, staff_page: Page) -> None:
    page = staff_page

    def complaints() -> list[str]:
        found = []
        for mode in MODES:
            page.emulate_media(color_scheme=mode, reduced_motion="reduce")
            found += [f"{mode}: {line}" for line in complaints_of(page)]
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


def test_a_printed_chart_keeps_its_bars(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/billing/figures")
    bars = staff_page.locator(".plot path.bar").first
    expect(bars).to_be_visible()
    staff_page.emulate_media(media="print")
    expect(bars).to_be_visible()
    expect(staff_page.locator(".nav-side").first).to_be_hidden()


@needs_axe
def test_a_chart_is_read_by_pointer_by_keys_and_as_a_table(demo: str, staff_page: Page) -> None:
    page = staff_page
    open_drawn(page, f"{demo}/jobs/performance")
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
        turn(page, *screen)
        assert complaints_of(page) == []
    chart.get_by_role("button", name="Table").click()
    expect(chart.get_by_role("table")).to_be_visible()
    expect(plot).to_be_hidden()
    assert complaints_of(page) == []
    with page.expect_download() as download:
        chart.get_by_role("link", name="CSV file").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "day,succeeded,failed"
    assert len(lines) == 31


def test_a_chart_is_there_without_scripts(demo: str, chromium: Browser, sessions: dict[str, Any]) -> None:
    context = open_context(chromium, sessions[STAFF], *DESK, scripts=False)
    page = context.new_page()
    open_drawn(page, f"{demo}/jobs/performance")
    expect(page.locator("#outcomes svg path").first).to_be_visible()
    expect(page.locator("#outcomes table")).to_be_visible()
    context.close()


@needs_axe
@pytest.mark.parametrize("path", ["/", "/customers"])
def test_an_open_page_stays_readable_when_the_mode_changes(demo: str, staff_page: Page, path: str) -> None:
    staff_page.goto(demo + path)
    modes: tuple[Mode, ...] = ("dark", "light", "dark")
    for mode in modes:
        staff_page.emulate_media(color_scheme=mode, reduced_motion="reduce")
        assert complaints_of(staff_page, OF_COLOURS) == [], f"the device turned {mode}"
    for name in ("Light", "Dark", "Light"):
        staff_page.get_by_role("button", name=re.compile("account of")).click()
        staff_page.get_by_role("button", name=name, exact=True).click()
        staff_page.keyboard.press("Escape")
        assert complaints_of(staff_page, OF_COLOURS) == [], f"{name} was chosen"


@needs_axe
@pytest.mark.parametrize(("path", "width"), [("/users/new", 390), ("/webhooks/new", 390), ("/imports", 320)])
def test_forms_that_are_full_of_choices_fit_a_phone(
    demo: str, chromium: Browser, sessions: dict[str, Any], path: str, width: int
) -> None:
    context = open_context(chromium, sessions[STAFF], "dark", width)
    page = context.new_page()
    page.goto(demo + path)
    assert complaints_of(page) == []
    context.close()
