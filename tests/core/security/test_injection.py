"""Names are data: on pages, in mails, in files and in what an export's reader opens."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.operation import SYSTEM
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()

#: What template languages, shells, SQL and browsers would make something of.
NASTY = (
    "{{7*7}}{% raw %}",
    "{{ ''.__class__.__mro__ }}",
    "${7*7}#{7*7}<%= 7*7 %>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "'; DROP TABLE core_customer; --",
    "$(id)`id`",
    '=HYPERLINK("http://evil.example")',
)


@pytest.fixture
def numbers(app: App) -> list[str]:
    """Customers of these names."""
    with app.unit_of_work() as ctx:
        return [
            customers.register(
                ctx, RegisterCustomer.model_validate({"kind": "individual", "name": name, "notes": name})
            ).number
            for name in NASTY
        ]


def test_pages_show_names_as_they_are_written(numbers: list[str], staff: Callable[..., Browser]) -> None:
    from html import unescape

    browser = staff()
    for number, name in zip(numbers, NASTY, strict=True):
        for path in (f"/customers/{number}", f"/customers?q={number}", f"/customers/{number}/edit"):
            text = browser.get(path).text
            assert name in unescape(text), path
            assert "<img src=x" not in text
            assert "<script>alert" not in text
    assert browser.get("/customers").text.count("C00000") >= len(NASTY)


def test_search_takes_what_is_typed_for_words(numbers: list[str], staff: Callable[..., Browser]) -> None:
    browser = staff()
    for typed in (*NASTY, "%", "_", "\\", '"', "'", "NEAR(", "a OR b", "*", "-", "x" * 200):
        for path in ("/search", "/customers", "/activity", "/users", "/emails"):
            answer = browser.get(path, params={"q": typed})
            assert answer.status_code == 200, (path, typed)
            assert "<img src=x" not in answer.text
            assert "<script>alert" not in answer.text


def test_every_lists_csv_keeps_formulas_as_text(numbers: list[str], staff: Callable[..., Browser]) -> None:
    answer = staff().get("/customers", params={"export": "csv"})
    cells = [cell for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))) for cell in row]
    assert f"'{NASTY[-1]}" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "@", "\t", "\r")]


def test_the_activity_logs_csv_keeps_formulas_as_text(
    app: App, numbers: list[str], staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work(replace(SYSTEM, name=NASTY[-1])) as ctx:
        customers.register(ctx, RegisterCustomer.model_validate({"kind": "individual", "name": "Ana"}))
    answer = staff().get("/activity/export", params={"format": "csv"})
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "@", "\t", "\r")]
    assert f"'{NASTY[-1]}" in [cell for row in rows for cell in row]


def test_a_name_in_a_file_name_or_header_breaks_no_header(staff: Callable[..., Browser]) -> None:
    browser = staff()
    for path in ("/customers?export=csv", "/activity/export?format=csv"):
        answer = browser.get(path, headers={"X-Request-Id": "abcdefgh\r\nX-Evil: 1"})
        assert "x-evil" not in answer.headers
        assert "abcdefgh" not in answer.headers["x-request-id"]
