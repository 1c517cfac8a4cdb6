"""A customer's page for each built-in role, with every bundled plugin: what it offers opens, and what it does not is closed."""

import html
import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from tests.core.customers.test_customer_pages import add
from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App
from trunkline.customers.models import Customer
from trunkline.testing import Browser, create_user

_JOBS = [role.name for role in BUILTIN_ROLES if role.audience == "staff"]
#: Roles whose work is not with customers.
_WITHOUT_CUSTOMERS = {"warehouse"}


@pytest.mark.parametrize("role", _JOBS)
def test_every_tab_and_page_that_is_offered_opens_and_no_other_tab_does(
    app: App, make_client: Callable[[], Browser], role: str
) -> None:
    number = add(app, "Ana Souza")
    email = f"{role.replace('_', '-')}@example.com"
    key = create_user(app, email, role)
    with app.unit_of_work() as ctx:
        # Jobs that see only some customers see this one.
        customer = ctx.session.scalars(select(Customer)).one()
        customer.assigned_user_id = customer.registered_by_id = key
    browser = make_client().sign_in(email)
    home = f"/customers/{number}"
    page = browser.get(home)
    assert page.status_code == (403 if role in _WITHOUT_CUSTOMERS else 200)
    offered = {html.unescape(link) for link in re.findall(rf'(?:href|hx-get)="({home}[^"#]*)"', page.text)}
    refused = {link: status for link in sorted(offered) if (status := browser.get(link).status_code) != 200}
    assert not refused
    for _plugin, slot in app.slots["customer.tabs"]:
        tab = f"{home}/{slot.name}"
        assert browser.get(tab).status_code == (200 if tab in offered else 403), tab
