"""A customer with hundreds of services: on the portal and on the operator's page of the customer."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.testing import Browser
from trunkline_catalog.models import CatalogService

PortalClient = Callable[..., Browser]


@pytest.fixture
def many(app: App, ana: Household) -> Household:
    """Ana with 120 more services like her own."""
    with app.unit_of_work() as ctx:
        own = ctx.session.scalars(
            select(CatalogService).where(CatalogService.customer_id == ana.customer_id)
        ).one()
        facts = own.model_dump(exclude={"id", "number", "version"})
        ctx.session.add_all(CatalogService(number=f"S90{n:04d}", **facts) for n in range(120))
    return ana


def _shown(page: str) -> set[str]:
    return set(re.findall(r"/services/(S\d{6})", page))


def test_the_portal_shows_a_page_of_them_and_finds_any(portal_client: PortalClient, many: Household) -> None:
    client = portal_client(many)
    assert len(_shown(client.get("/portal").text)) == 12
    pages = [_shown(client.get(f"/portal/services?page={at}").text) for at in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 21]
    assert len(set.union(*pages)) == 121
    assert _shown(client.get("/portal/services?q=900117").text) == {"S900117"}
    assert _shown(client.get(f"/portal/services?q={many.msisdn[-6:]}").text) == {many.service}


def test_usage_of_one_of_many_services_is_found_by_what_is_typed(
    portal_client: PortalClient, many: Household
) -> None:
    client = portal_client(many)
    of_it = client.get(f"/portal/usage?service_id={many.msisdn[-6:]}").text
    assert "Call" in of_it.partition("<tbody>")[2]
    assert "Nothing matches" in client.get("/portal/usage?service_id=S900001").text


def test_staff_read_a_page_of_them_and_find_any(staff: Callable[..., Browser], many: Household) -> None:
    browser, here = staff("customer_care"), f"/customers/{many.number}/services"
    pages = [_shown(browser.get(f"{here}?page={at}").text) for at in (1, 2, 3)]
    assert len(set.union(*pages)) == 121
    assert max(len(page) for page in pages) == 50
    assert _shown(browser.get(f"{here}?q=mobile+900117").text.partition('id="main"')[2]) == {"S900117"}
