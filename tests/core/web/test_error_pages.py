"""What went wrong stands within the menu for who is signed in, with what helps further; nothing of it is a trace."""

import logging
import re
from collections.abc import Callable
from typing import NoReturn

import pytest

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict, NotFound, Refused, TrunklineError
from trunkline.testing import Browser, create_user
from trunkline.web.shell import WebApp

Staff = Callable[..., Browser]
_MENU = '<nav class="nav-side"'


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Have the list of resellers fail."""

    def fail(*_arguments: object) -> NoReturn:
        raise error

    monkeypatch.setattr("trunkline.resellers.queries.list_resellers", fail)


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict("Somebody was faster."), 409),
        (Refused("That cannot be."), 422),
        (NotFound("There is none."), 404),
        (RuntimeError("s3cret detail"), 500),
    ],
)
def test_an_error_stands_within_the_menu(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    _fail_with(monkeypatch, error)
    answer = staff().get("/resellers")
    assert answer.status_code == status
    assert _MENU in answer.text
    assert 'href="/customers"' in answer.text
    assert 'id="palette"' in answer.text
    assert answer.text.count("<h1>") == 1
    assert (error.message if isinstance(error, TrunklineError) else "went wrong on our side") in answer.text


@pytest.mark.plugins
def test_a_failure_shows_a_reference_that_stands_in_the_log_and_no_trace(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _fail_with(monkeypatch, RuntimeError("s3cret detail"))
    browser = staff()
    with caplog.at_level(logging.ERROR, logger="trunkline.web.endpoint"):
        answer = browser.get("/resellers")
    assert not re.search("s3cret|Traceback|RuntimeError|test_error_pages", answer.text)
    reference = re.search(r'Reference <span class="font-monospace">([0-9a-f]{16})</span>', answer.text)
    assert reference
    logged = [record for record in caplog.records if reference.group(1) in record.getMessage()]
    assert [str(record.exc_info[1]) for record in logged if record.exc_info] == ["s3cret detail"]


@pytest.mark.plugins
def test_where_the_menu_fails_as_well_the_page_stands_by_itself(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = staff()

    def fail(*_arguments: object) -> NoReturn:
        raise RuntimeError("no menu today")

    monkeypatch.setattr(WebApp, "menu_key", fail)
    answer = browser.get("/resellers")
    assert answer.status_code == 500
    assert _MENU not in answer.text
    assert "went wrong on our side" in answer.text
    assert "no menu today" not in answer.text


@pytest.mark.plugins
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/customers/C009999", "C009999"),
        ("/customers/C009999/billing", "C009999"),
        ("/phone-numbers", "phone numbers"),
        ("/nowhere/%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_what_is_not_there_offers_a_search_for_what_its_address_names(
    staff: Staff, path: str, asked: str
) -> None:
    answer = staff("supervisor").get(path)
    assert answer.status_code == 404
    assert _MENU in answer.text
    assert f'name="q" value="{asked}"' in answer.text


@pytest.mark.plugins
def test_a_permission_that_is_missing_says_who_can_give_it(app: App, staff: Staff) -> None:
    create_user(app, "boss@example.com", "administrator")
    answer = staff("cashier").get("/resellers")
    assert answer.status_code == 403
    assert _MENU in answer.text
    assert "These can give it to you:" in answer.text
    assert "List resellers" in answer.text
    assert "Boss" in answer.text
    assert 'href="/permissions/' not in answer.text
    assert 'href="/users/' not in answer.text


@pytest.mark.plugins
def test_who_may_look_into_roles_is_led_to_those_that_have_it(staff: Staff) -> None:
    answer = staff("auditor").get("/resellers/new")
    assert answer.status_code == 403
    assert 'href="/permissions/core.reseller.create"' in answer.text


@pytest.mark.plugins
def test_a_part_of_a_page_is_answered_without_the_menu(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, RuntimeError("nothing today"))
    answer = staff().get("/resellers", headers={"HX-Request": "true"})
    assert answer.status_code == 500
    assert _MENU not in answer.text


@pytest.mark.plugins
def test_strangers_see_no_menu(client: Browser) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert _MENU not in answer.text
    assert "search-box" not in answer.text


def test_people_of_customers_keep_their_portal_around_it(
    app: App, make_client: Callable[[], Browser]
) -> None:
    with app.unit_of_work() as ctx:
        register = RegisterCustomer.model_validate({"kind": "individual", "name": "Ana Souza"})
        customer = customers.register(ctx, register).key
    create_user(app, "ana@example.com", "portal_owner", customer_id=customer)
    browser = make_client().sign_in("ana@example.com")
    for path, status in (("/portal/nowhere", 404), ("/customers", 403)):
        answer = browser.get(path)
        assert answer.status_code == status
        assert 'data-surface="portal"' in answer.text
        assert 'href="/portal/invoices"' in answer.text
        assert answer.text.count("<h1>") == 1
        assert "search-box" not in answer.text
        assert "can give it to you" not in answer.text
