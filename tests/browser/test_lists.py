"""Lists as people use them: searched, sorted, picked from, taken along, on phones and where text runs from right to left."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sample import MAKING, PHONE, STAFF, open_context
from tests.line.system import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_dates_of_stacked_rows_keep_their_order_from_right_to_left(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = open_context(chromium, sessions[STAFF], *PHONE)
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
    staff_page.locator("#table-customers-q").focus()
    # At once: each pause while somebody types is a place to go back to.
    staff_page.keyboard.insert_text(name)
    expect(staff_page).to_have_url(re.compile(r"/customers\?q="))
    expect(rows.first).to_contain_text(name)
    assert staff_page.evaluate("document.activeElement.id") == "table-customers-q"
    staff_page.go_back()
    expect(staff_page.locator("tbody tr")).to_have_count(everybody)


def test_a_new_job_comes_into_an_open_list_by_itself(demo: str, staff_page: Page) -> None:
    beside = staff_page.context.new_page()
    beside.goto(f"{demo}/catalog/orders?view=failed")
    failed = beside.locator("#table-catalog-orders tbody a").first

    def is_there() -> bool:
        beside.reload()
        return failed.is_visible()

    # The demo's last jobs run beside the first pages.
    wait_for(is_there, "the order that fails", within=MAKING)
    staff_page.goto(f"{demo}/jobs")
    # What the clock starts leaves the list when it ends well.
    rows = staff_page.locator("#table-jobs tbody tr", has_text="Order line")
    before = rows.count()
    failed.click()
    beside.get_by_role("button", name="Try again").click()
    expect(beside.get_by_role("button", name="Try again")).to_have_count(0)
    # The list does not grow while its page is hidden.
    staff_page.bring_to_front()
    expect(rows).to_have_count(before + 1)


def test_a_sorted_column_says_so_and_turns_round(demo: str, staff_page: Page) -> None:
    staff_page.goto(f"{demo}/customers")
    heading = staff_page.locator("thead th", has_text="Name")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    first = staff_page.locator("tbody tr").first.inner_text()
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert staff_page.locator("tbody tr").first.inner_text() != first


def test_rows_are_picked_for_a_bulk_action_on_a_phone(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    context = open_context(chromium, sessions[STAFF], "light", 390)
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


def test_a_list_is_sorted_on_a_phone_with_scripts_and_without(
    demo: str, chromium: Browser, sessions: dict[str, Any]
) -> None:
    for scripts in (True, False):
        context = open_context(chromium, sessions[STAFF], "light", 390, scripts=scripts)
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
    context = open_context(chromium, sessions[STAFF], "light", 390)
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
    context = open_context(chromium, sessions[STAFF], "light", 390)
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
