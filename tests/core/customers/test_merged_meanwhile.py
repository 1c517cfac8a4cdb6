"""What is sent for a customer who was merged into another meanwhile: the other is named, what was typed is kept."""

import re
from collections.abc import Callable

import pytest

from trunkline.access.models import Role, RoleGrant, RowScope
from trunkline.app import App
from trunkline.customers import operations, queries
from trunkline.customers.merging.operations import merge
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.schemas import AssignCustomer, RegisterCustomer
from trunkline.testing import Browser, create_user

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
_HTMX = {"HX-Request": "true"}


def _add(app: App, name: str, **values: str) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
        return operations.register(ctx, command).number


def _merge(app: App, stays: str, goes: str) -> None:
    with app.unit_of_work() as ctx:
        merge(ctx, stays, MergeCustomers(source=goes))


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))


def _says(text: str, goes: str, stays: str) -> bool:
    return f"{goes} was merged into Ana Souza ({stays})." in text and f'href="/customers/{stays}"' in text


@pytest.mark.parametrize("kind", ["individual", "business"])
def test_a_form_that_was_open_names_the_other_and_keeps_what_was_typed(
    app: App, staff: Staff, kind: str
) -> None:
    stays, goes = _add(app, "Ana Souza", kind=kind), _add(app, "Ana Sousa")
    browser = staff("supervisor")
    place = f"/customers/{goes}/edit"
    opened = _hidden(browser.get(place).text)
    _merge(app, stays, goes)
    answer = browser.post(
        place,
        data={
            **opened,
            "name": "Ana Sousa",
            "phone": "+55 11 98765-4321",
            "identity_document": "12.345.678-9",
        },
    )
    assert answer.status_code == 409
    assert _says(answer.text, goes, stays)
    assert 'value="12.345.678-9"' in answer.text
    assert "98765-4321" in answer.text
    assert "Somebody changed this" not in answer.text
    with app.reading() as ctx:
        assert queries.get(ctx, stays).phone == ""
    # Opened now, it says so at once.
    late = browser.get(place)
    assert late.status_code == 409
    assert _says(late.text, goes, stays)


def test_a_value_edited_where_it_stands_and_an_action_name_the_other(app: App, staff: Staff) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa", status="pending")
    browser = staff("supervisor")
    place = f"/customers/{goes}/fields/phone"
    opened, head = _hidden(browser.get(place).text), _hidden(browser.get(f"/customers/{goes}").text)
    _merge(app, stays, goes)
    inline = browser.post(place, data={**opened, "phone": "+55 11 98765-4321"}, headers=_HTMX)
    assert inline.status_code == 422
    assert _says(inline.text, goes, stays)
    assert "98765" in inline.text
    action = browser.post(f"/customers/{goes}/status/active", data=head)
    assert action.status_code == 409
    assert _says(action.text, goes, stays)
    contact = browser.post(f"/customers/{goes}/contacts/new", data={**head, "name": "Bia Typed"})
    assert contact.status_code == 409
    assert _says(contact.text, goes, stays)
    assert 'value="Bia Typed"' in contact.text
    with app.reading() as ctx:
        assert list(queries.contacts_of(ctx, queries.get(ctx, stays).key)) == []


def test_over_rest_the_detail_names_the_other(app: App, program: Staff) -> None:
    stays, goes, api = _add(app, "Ana Souza"), _add(app, "Ana Sousa"), program("supervisor")
    _merge(app, stays, goes)
    for answer in (
        api.patch(f"/api/v1/customers/{goes}", json={"phone": ""}, headers={"If-Match": '"1"'}),
        api.post(f"/api/v1/customers/{goes}/status", json={"status": "active"}),
        api.post(f"/api/v1/customers/{goes}/contacts", json={"name": "Bia"}),
        api.post(f"/api/v1/customers/{goes}/restore"),
    ):
        assert answer.status_code == 409
        assert f"{goes} was merged into Ana Souza ({stays})." in answer.json()["detail"]


def test_who_may_not_see_the_other_is_not_told_who_it_is(
    app: App, make_client: Callable[[], Browser]
) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    with app.unit_of_work() as ctx:
        role = Role(name="sees_assigned", label="Sees what is assigned", row_scope=RowScope.ASSIGNED)
        ctx.session.add(role)
        ctx.session.flush()
        for permission in ("core.customer.view", "core.customer.edit"):
            ctx.session.add(RoleGrant(role_id=role.key, permission=permission))
    key = create_user(app, "bia@example.com", "sees_assigned")
    with app.unit_of_work() as ctx:
        operations.assign(ctx, goes, AssignCustomer(user_id=key))
    browser = make_client().sign_in("bia@example.com")
    place = f"/customers/{goes}/fields/phone"
    opened = _hidden(browser.get(place).text)
    _merge(app, stays, goes)
    answer = browser.post(place, data={**opened, "phone": "+55 11 98765-4321"}, headers=_HTMX)
    assert answer.status_code == 422
    assert f"{goes} was merged into another customer." in answer.text
    assert stays not in answer.text
    assert "Ana Souza" not in answer.text
