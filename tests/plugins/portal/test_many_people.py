"""A customer with hundreds of contacts and sites: their own account page."""

import re
from collections.abc import Callable

import pytest

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.customers.models import Contact, Site
from trunkline.testing import Browser

PortalClient = Callable[..., Browser]


@pytest.fixture
def many(app: App, ana: Household) -> Household:
    """Ana with 120 contacts and 60 sites."""
    with app.unit_of_work() as ctx:
        ctx.session.add_all(
            Contact(customer_id=ana.customer_id, name=f"Person {n:03d}", email=f"p{n:03d}@ana.example")
            for n in range(120)
        )
        ctx.session.add_all(
            Site(customer_id=ana.customer_id, name=f"Place {n:03d}", city="Gramado", country="BR")
            for n in range(60)
        )
    return ana


def _shown(page: str, what: str) -> list[str]:
    return re.findall(rf">({what} \d\d\d)<", page)


def test_the_account_page_shows_a_page_of_each_and_finds_any(
    portal_client: PortalClient, many: Household
) -> None:
    client = portal_client(many)
    first = client.get("/portal/account").text
    assert (len(_shown(first, "Person")), len(_shown(first, "Place"))) == (50, 50)
    onward = re.search(r'href="([^"]*people_page=2[^"]*)"', first)
    assert onward is not None
    second = client.get(onward.group(1)).text
    # The other card stays as it was.
    assert not set(_shown(first, "Person")) & set(_shown(second, "Person"))
    assert _shown(second, "Place") == _shown(first, "Place")
    found = client.get("/portal/account?people_q=p117%40ana").text
    assert _shown(found, "Person") == ["Person 117"]
    assert len(_shown(found, "Place")) == 50
    assert "Nothing matches" in client.get("/portal/account?sites_q=nowhere").text


def test_each_search_says_among_what_it_looks(portal_client: PortalClient, many: Household) -> None:
    labels = re.findall(
        r'type="search"[^>]*aria-label="([^"]+)"', portal_client(many).get("/portal/account").text
    )
    assert sorted(labels) == ["Search in People", "Search in Places"]


def test_few_of_them_need_no_search(portal_client: PortalClient, ana: Household) -> None:
    assert 'type="search"' not in portal_client(ana).get("/portal/account").text
