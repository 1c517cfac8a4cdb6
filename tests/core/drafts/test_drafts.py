"""A form that was left half filled is offered to its writer when they return, and to nobody else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from trunkline.app import App
from trunkline.clock import Clock
from trunkline.customers import queries
from trunkline.drafts.keeping import forget_old
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()
NOW = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
FORM = "/customers/new?kind=business"
TYPED = {"name": "Padaria Sul", "legal_name": "Padaria Sul Ltda", "email": "half@"}


@pytest.fixture
def clock() -> Clock:
    NOW[0] = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return lambda: NOW[0]


def leave(browser: Browser) -> None:
    """What the page itself sends while somebody types."""
    attribute = re.search(r'data-draft="(\w+)" data-draft-resume="([^"]+)"', browser.get(FORM).text)
    assert attribute is not None
    form = {"draft_form": attribute[1], "draft_resume": attribute[2], **TYPED}
    assert browser.submit("/drafts", form, page=FORM).status_code == 204


def resumed(browser: Browser) -> str:
    """What the button of the offer leads to."""
    page = browser.get("/customers/new").text
    offer = page.partition("You began this before")[2].partition("Go on with it")[0]
    address = re.search(r'action="([^"]+)"', offer)
    assert address is not None
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', offer))
    fields.pop("csrf_token", None)
    answer = browser.submit(address[1], fields, page=FORM)
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.both_databases
def test_what_was_typed_is_offered_again_and_gone_once_it_is_sent(
    app: App, staff: Callable[..., Browser]
) -> None:
    writer, other = staff("customer_care"), staff("customer_care")
    assert "You began this before" not in writer.get("/customers/new").text
    leave(writer)
    leave(writer)
    assert "You began this before" not in other.get("/customers/new").text
    form = resumed(writer)
    assert 'value="Padaria Sul Ltda"' in form
    assert 'value="half@"' in form
    assert "to correct" not in form
    assert "to correct" in writer.submit(FORM, TYPED).text
    assert "You began this before" in writer.get(FORM).text
    writer.submit(FORM, {**TYPED, "email": "padaria@example.com"})
    assert "You began this before" not in writer.get(FORM).text
    with app.reading() as ctx:
        assert queries.get(ctx, "C000001").name == "Padaria Sul"


def test_a_draft_is_thrown_away_and_forgotten_after_two_weeks(
    app: App, staff: Callable[..., Browser]
) -> None:
    writer = staff("customer_care")
    leave(writer)
    back = writer.submit("/drafts/discard", {"draft_form": "customer", "back": FORM}, page=FORM)
    assert "The draft was thrown away." in back.text
    assert "You began this before" not in back.text
    leave(writer)
    NOW[0] += timedelta(days=15)
    with app.unit_of_work() as ctx:
        forget_old(ctx)
    assert "You began this before" not in staff("customer_care").get(FORM).text


def test_no_draft_leads_elsewhere_or_grows_without_end(staff: Callable[..., Browser]) -> None:
    writer = staff("customer_care")
    for wrong in (
        {"draft_form": "customer", "draft_resume": "//evil.example/", "name": "x"},
        {"draft_form": "../x", "draft_resume": "/customers/new", "name": "x"},
        {"draft_form": "customer", "draft_resume": "/customers/new", "name": "x" * 50_000},
    ):
        assert writer.submit("/drafts", wrong, page=FORM).status_code == 422
    assert "You began this before" not in writer.get(FORM).text
