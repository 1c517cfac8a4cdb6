"""One value of a customer edited where it stands."""

from collections.abc import Callable

import pytest
from httpx2 import Response

from trunkline.app import App
from trunkline.customers import operations, queries
from trunkline.customers.schemas import RegisterCustomer, UpdateCustomer
from trunkline.search.models import SearchDirty
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
_HTMX = {"HX-Request": "true"}


def _add(app: App) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate(
            {"kind": "individual", "name": "Ana Souza", "email": "ana@example.com"}
        )
        return operations.register(ctx, command).number


def _read(answer: Response) -> str:
    """The text as people read it: an address may be broken behind its @."""
    return answer.text.replace("<wbr>", "")


def _opened(browser: Browser, place: str) -> dict[str, str]:
    """The hidden fields of the form as it is opened now."""
    shown = browser.get(place).text
    return {
        name: shown.split(f'name="{name}" value="', 1)[1].split('"')[0]
        for name in ("csrf_token", "version", "was")
    }


def test_a_value_becomes_a_field_and_comes_back_saved(app: App, staff: Staff) -> None:
    number, browser = _add(app), staff("customer_care")
    place = f"/customers/{number}/fields/email"
    assert f'hx-get="{place}"' in browser.get(f"/customers/{number}").text
    opened = _opened(browser, place)
    wrong = browser.post(place, data={**opened, "email": "nowhere"}, headers=_HTMX)
    assert wrong.status_code == 422
    assert 'id="f-email-error"' in wrong.text
    assert "<html" not in wrong.text
    saved = browser.post(place, data={**opened, "email": "ana@new.example"}, headers=_HTMX)
    assert "ana@new.example" in _read(saved)
    assert "<form" not in saved.text
    plain = browser.post(place, data={**_opened(browser, place), "email": ""})
    assert plain.url.path == f"/customers/{number}"
    with app.reading() as ctx:
        assert queries.get(ctx, number).email == ""


def test_only_a_change_of_the_same_value_is_a_conflict(app: App, staff: Staff) -> None:
    number, browser = _add(app), staff("customer_care")
    place = f"/customers/{number}/fields/email"
    opened = _opened(browser, place)
    with app.unit_of_work() as ctx:
        operations.update(ctx, number, UpdateCustomer(phone="+55 11 91234-5678"))
    answer = browser.post(place, data={**opened, "email": "second@example.com"}, headers=_HTMX)
    assert "second@example.com" in _read(answer)
    assert "<form" not in answer.text
    stale = browser.post(place, data={**opened, "email": "third@example.com"}, headers=_HTMX)
    assert stale.status_code == 422
    assert "second@example.com" in _read(stale)
    assert 'value="third@example.com"' in stale.text
    with app.reading() as ctx:
        assert queries.get(ctx, number).email == "second@example.com"


def test_who_may_not_edit_sees_values_only(app: App, staff: Staff) -> None:
    number, browser = _add(app), staff("auditor")
    assert "/fields/" not in browser.get(f"/customers/{number}").text
    assert browser.get(f"/customers/{number}/fields/email").status_code == 403
    assert staff("customer_care").get(f"/customers/{number}/fields/tax_key").status_code == 404


def test_a_new_name_has_all_that_is_theirs_indexed_anew(app: App) -> None:
    from sqlmodel import select

    from trunkline.search.models import SearchDocument

    number = _add(app)
    with app.unit_of_work() as ctx:
        key = queries.get(ctx, number).key
        ctx.session.add(
            SearchDocument(
                id=7, kind="thing", entity_id=7, title="T7", path="/t", permission="p", customer_id=key
            )
        )
    with app.unit_of_work() as ctx:
        operations.update(ctx, number, UpdateCustomer(name="Ana Clara"))
    with app.reading() as ctx:
        marks = ctx.session.scalars(select(SearchDirty)).all()
        assert {("thing", 7), ("customer", key)} <= {(one.kind, one.entity_id) for one in marks}
