"""Services under contracts: chosen with the order, on the service's page and on the contract's; only the customer's own."""

import re
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from tests.plugins.catalog.conftest import BEGAN
from trunkline.app import App
from trunkline.contracts import operations as contracts
from trunkline.contracts.models import AcceptedBy, PenaltyKind
from trunkline.contracts.schemas import AcceptContract, ContractTerms, TerminateContract
from trunkline.errors import Refused
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.models import CatalogService
from trunkline_catalog.schemas import (
    CreateProduct,
    Member,
    OrderView,
    PlaceOrder,
    ProductKind,
    ServiceView,
    SetContract,
)

pytestmark = pytest.mark.plugins("inventory", "catalog")
Order = Callable[..., OrderView]
Staff = Callable[..., Browser]
PLACE = "/catalog/orders/new?customer=C000001&product=mobile_10"


def agree(app: App, customer: str = "C000001", *, accepted: bool = True, **terms: object) -> str:
    """A contract of twenty-four months since today; 20.00 for each month that remains."""
    agreed = ContractTerms.model_validate(
        {
            "title": "Lines for the office",
            "term_months": 24,
            "penalty": PenaltyKind.PER_MONTH,
            "penalty_amount": Decimal(20),
            **terms,
        }
    )
    with app.unit_of_work() as ctx:
        number = contracts.create(ctx, customer, agreed).number
        contracts.attach(ctx, number, BytesIO(b"%PDF-1.4 what was agreed"), "contract.pdf")
        if accepted:
            contracts.accept(ctx, number, AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana Prates"))
    return number


def service(app: App, number: str = "S000001") -> ServiceView:
    with app.reading() as ctx:
        return queries.service(ctx, number)


def put(app: App, contract: str, number: str = "S000001") -> ServiceView:
    with app.unit_of_work() as ctx:
        return operations.set_contract(ctx, number, SetContract(contract=contract))


@pytest.mark.both_databases
def test_a_service_is_put_under_a_contract_and_taken_out_again(shop: App, order: Order) -> None:
    order()
    work_until_idle(shop)
    contract = agree(shop)
    assert put(shop, contract.lower()).contract == contract
    with shop.reading() as ctx:
        covered = queries.services_under(ctx, service(shop).contract_id or 0)
        assert [one.number for one in covered] == ["S000001"]
        assert queries.coverable(ctx, covered[0].customer_id) == []
    assert put(shop, "").contract == ""


@pytest.mark.both_databases
def test_another_customers_contract_and_one_not_in_force_are_refused(shop: App, order: Order) -> None:
    order()
    work_until_idle(shop)
    theirs, draft = agree(shop, "C000002"), agree(shop, accepted=False)
    for number in (theirs, draft, "K999999"):
        with pytest.raises(Refused) as refusal:
            put(shop, number)
        assert refusal.value.field == "contract"
    assert service(shop).contract == ""


def test_an_order_puts_its_new_services_under_the_contract(shop: App, order: Order) -> None:
    contract, theirs = agree(shop), agree(shop, "C000002")
    wish = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}] * 2}
    with shop.unit_of_work() as ctx:
        placed = operations.place_order(ctx, PlaceOrder.model_validate({**wish, "contract": contract}))
    assert [line.contract for line in placed.lines] == [contract, contract]
    assert service(shop, placed.lines[1].service_number).contract == contract
    with pytest.raises(Refused) as refusal, shop.unit_of_work() as ctx:
        operations.place_order(ctx, PlaceOrder.model_validate({**wish, "contract": theirs}))
    assert refusal.value.field == "contract"


def test_what_belongs_to_a_service_stands_under_its_contract(shop: App, order: Order) -> None:
    with shop.unit_of_work() as ctx:
        for code, kind, more in (
            ("pair", ProductKind.BUNDLE, {"members": (Member(product="mobile_10", quantity=2),)}),
            ("roaming", ProductKind.ADD_ON, {"fits": ("mobile_10",)}),
        ):
            operations.create_product(
                ctx,
                CreateProduct(
                    code=code,
                    name=code,
                    kind=kind,
                    monthly_price=Decimal(80),
                    currency="BRL",
                    effective_from=BEGAN,
                    **more,
                ),
            )
    contract = agree(shop)
    lines = [{"product_code": "pair"}]
    with shop.unit_of_work() as ctx:
        placed = operations.place_order(
            ctx, PlaceOrder.model_validate({"customer_number": "C000001", "lines": lines})
        )
    work_until_idle(shop)
    bundle, *parts = (line.service_number for line in placed.lines)
    put(shop, contract, bundle)
    assert [service(shop, number).contract for number in parts] == [contract] * 2
    added = order(product_code="roaming", added_to=parts[0])
    assert service(shop, added.lines[0].service_number).contract == contract
    put(shop, "", bundle)
    assert service(shop, added.lines[0].service_number).contract == ""


def test_what_is_added_to_a_service_does_not_stand_under_a_contract_that_is_over(
    shop: App, order: Order
) -> None:
    with shop.unit_of_work() as ctx:
        operations.create_product(
            ctx,
            CreateProduct(
                code="roaming",
                name="Roaming",
                kind=ProductKind.ADD_ON,
                fits=("mobile_10",),
                currency="BRL",
                effective_from=BEGAN,
            ),
        )
    order()
    work_until_idle(shop)
    contract = agree(shop, penalty=PenaltyKind.NONE, penalty_amount=None)
    put(shop, contract)
    with shop.unit_of_work() as ctx:
        contracts.terminate(ctx, contract, TerminateContract(reason="Moved away"))
    added = order(product_code="roaming", added_to="S000001")
    assert service(shop, added.lines[0].service_number).contract == ""
    assert service(shop).contract == contract


def test_a_service_that_has_ended_keeps_its_contract(shop: App, order: Order) -> None:
    order()
    work_until_idle(shop)
    contract = agree(shop)
    put(shop, contract)
    from trunkline_catalog.schemas import TerminateService

    with shop.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    work_until_idle(shop)
    with pytest.raises(Refused, match="has ended"):
        put(shop, "")
    assert service(shop).contract == contract


@pytest.fixture
def api(shop: App, make_client: Callable[[], TestClient]) -> TestClient:
    create_user(shop, "api@example.com", "administrator")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def test_programs_order_under_contracts_put_services_under_them_and_list_by_them(
    shop: App, api: TestClient
) -> None:
    contract, theirs = agree(shop), agree(shop, "C000002")

    def place(number: str) -> Any:
        body = {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}], "contract": number}
        return api.post("/api/v1/catalog/orders", json=body)

    refused = place(theirs)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "contract")
    assert place(contract).json()["lines"][0]["contract"] == contract
    work_until_idle(shop)
    path = "/api/v1/catalog/services"
    assert api.get(f"{path}?contract={contract}").json()["items"][0]["contract"] == contract
    assert api.post(f"{path}/S000001/contract", json={"contract": theirs}).status_code == 422
    assert api.post(f"{path}/S000001/contract", json={"contract": ""}).json()["contract"] == ""
    assert api.get(f"{path}?contract={contract}").json()["total"] == 0
    assert api.get(f"{path}/S000001/prices").json()["items"] == []


def test_the_order_form_offers_the_contracts_in_force_and_the_review_names_the_chosen_one(
    shop: App, staff: Staff
) -> None:
    client = staff("supervisor")
    assert "No contract" not in client.get(PLACE).text
    contract = agree(shop)
    draft = agree(shop, accepted=False)
    page = client.get(PLACE).text
    assert f"{contract} · Lines for the office" in page
    assert draft not in page
    filled = {"lines.0.product": "mobile_10", "contract": contract}
    review = client.submit("/catalog/orders/review?customer=C000001", filled, page=PLACE).text
    assert f"Contract {contract} · Lines for the office" in review
    client.submit("/catalog/orders?customer=C000001", {**filled, "idempotency_key": "once"}, page=PLACE)
    assert service(shop).contract == contract


def test_terminating_a_service_says_what_leaving_its_contract_costs(
    shop: App, staff: Staff, order: Order
) -> None:
    order()
    work_until_idle(shop)
    client = staff("supervisor")
    contract = agree(shop)
    client.submit("/catalog/services/S000001/contract", {"contract": contract})
    page = client.get("/catalog/services/S000001").text
    assert f"It stands under contract {contract}, whose term ends on" in page
    # Of 24 months one has begun: 23 of 20.00.
    assert "460.00" in page
    assert f"/contracts/{contract}/terminate" in page
    reader = staff("care_reader").get("/catalog/services/S000001").text
    assert f"/contracts/{contract}/terminate" not in reader
    assert contract in reader


def test_a_service_is_put_under_a_contract_from_the_contracts_side(
    shop: App, staff: Staff, order: Order
) -> None:
    order()
    order(customer="C000002")
    work_until_idle(shop)
    client, contract = staff("supervisor"), agree(shop)
    here = f"/catalog/contracts/{contract}/services"
    offered = client.get(f"{here}/choices?service=mobile").text
    assert "S000001" in offered
    assert "S000002" not in offered
    refused = client.submit(here, {"service": "S000002"})
    assert refused.status_code == 422
    assert "another customer" in refused.text
    assert client.submit(here, {"service": "S000009"}).status_code == 422
    assert client.submit(here, {"service": "s000001"}).url.path == f"/contracts/{contract}"
    assert service(shop).contract == contract
    shown = client.get(f"/contracts/{contract}").text
    assert "Services covered" in shown
    # What the button opens is there to be opened.
    assert 'data-open="cover"' in shown
    assert '<dialog class="modal modal-sm" id="cover"' in shown
    assert 'href="/catalog/services/S000001"' in shown
    assert f"{here}/S000001/remove" in shown
    assert f"{here}/S000001/remove" not in staff("care_reader").get(f"/contracts/{contract}").text
    listed = client.get("/catalog/services?cols=label&cols=contract").text
    # The other customer's service stands under none, and leads to none.
    assert f'href="/contracts/{contract}"' in listed
    assert listed.count('href="/contracts/') == 1
    client.submit(f"{here}/S000001/remove", page="/catalog/services")
    assert service(shop).contract == ""


def test_one_of_many_services_under_a_contract_is_found(shop: App, staff: Staff, order: Order) -> None:
    order()
    work_until_idle(shop)
    contract = agree(shop)
    put(shop, contract)
    with shop.unit_of_work() as ctx:
        own = ctx.session.scalars(select(CatalogService)).one()
        facts = own.model_dump(exclude={"id", "number", "version"})
        ctx.session.add_all(CatalogService(number=f"S90{n:04d}", **facts) for n in range(120))
    browser, here = staff("supervisor"), f"/contracts/{contract}"

    def shown(query: str) -> set[str]:
        return set(re.findall(r'data-href="/catalog/services/(S\d{6})"', browser.get(f"{here}?{query}").text))

    pages = [shown(f"services_page={at}") for at in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 21]
    assert len(set.union(*pages)) == 121
    assert shown("services_q=900117") == {"S900117"}
    charged = browser.get(f"{here}?charges_q=900117").text.partition('id="charges"')[2]
    assert "S900117" in charged
    assert "S900116" not in charged
    assert "Together" in charged


def test_who_may_not_put_services_under_contracts_is_not_offered_it(
    shop: App, staff: Staff, order: Order
) -> None:
    order()
    work_until_idle(shop)
    agree(shop)
    client = staff("dealer")
    assert client.get("/catalog/services/S000001/contract").status_code == 403
    assert "/catalog/services/S000001/contract" not in client.get("/catalog/services/S000001").text


@pytest.mark.both_databases
def test_a_service_whose_contract_is_over_stands_under_none_and_can_be_put_under_another(
    shop: App, staff: Staff, order: Order, api: TestClient
) -> None:
    order()
    work_until_idle(shop)
    over = agree(shop, penalty=PenaltyKind.NONE, penalty_amount=None)
    put(shop, over)
    with shop.unit_of_work() as ctx:
        contracts.terminate(ctx, over, TerminateContract(reason="Moved away"))
    ended_on = service(shop).contract_ended_on
    assert ended_on is not None
    client = staff("supervisor")
    here = "/catalog/services/S000001"
    assert f'none; <a href="/contracts/{over}">{over}</a> ended on' in client.get(here).text
    # There is no other one yet, so that there is nothing to choose.
    assert f"{here}/contract" not in client.get(here).text
    assert f"/contracts/{over}" not in client.get("/catalog/services?cols=label&cols=contract").text
    shown = api.get("/api/v1/catalog/services/S000001").json()
    assert (shown["contract"], shown["contract_ended_on"]) == (over, ended_on.isoformat())
    listed = api.get("/api/v1/catalog/services").json()["items"][0]
    assert (listed["contract"], listed["contract_status"]) == (over, "terminated")
    following = agree(shop)
    form = client.get(f"{here}/contract").text
    assert following in form
    assert over not in form
    assert "S000001" in client.get(f"/catalog/contracts/{following}/services/choices?service=mobile").text
    assert client.submit(f"{here}/contract", {"contract": following}).url.path == here
    assert (service(shop).contract, service(shop).contract_ended_on) == (following, None)
    assert f'href="/contracts/{following}"' in client.get(here).text


def test_one_order_holds_services_for_more_than_one_contract(
    shop: App, staff: Staff, order: Order, api: TestClient
) -> None:
    with shop.unit_of_work() as ctx:
        for code, kind, more in (
            ("pair", ProductKind.BUNDLE, {"members": (Member(product="mobile_10"),)}),
            ("roaming", ProductKind.ADD_ON, {"fits": ("mobile_10",)}),
        ):
            operations.create_product(
                ctx,
                CreateProduct(
                    code=code,
                    name=code,
                    kind=kind,
                    monthly_price=Decimal(80),
                    currency="BRL",
                    effective_from=BEGAN,
                    **more,
                ),
            )
    order()
    work_until_idle(shop)
    office, branch, theirs = agree(shop), agree(shop, title="Branch"), agree(shop, "C000002")
    put(shop, branch)

    def place(**line: object) -> Any:
        body = {"customer_number": "C000001", "contract": office}
        lines = [{"product_code": "mobile_10"}, {"product_code": "pair", "contract": branch}, line]
        return api.post("/api/v1/catalog/orders", json={**body, "lines": lines})

    added = {"product_code": "roaming", "added_to": "S000001"}
    for line in (
        {**added, "contract": office},
        {**added, "contract": theirs},
        {"product_code": "mobile_10", "contract": theirs},
    ):
        refused = place(**line)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "lines.2.contract")
    # What is added to a service stands under its contract, and the part of the bundle under the bundle's.
    assert [line["contract"] for line in place(**added).json()["lines"]] == [office, branch, branch, branch]
    client = staff("supervisor")
    page = client.get("/catalog/orders/new?customer=C000001&product=mobile_10").text
    assert "As for the whole order" in page
    filled = {"lines.0.product": "mobile_10", "contract": office, "lines.0.contract": branch}
    where = "/catalog/orders/review?customer=C000001"
    review = client.submit(where, filled, page=PLACE).text
    assert f"{branch} · Branch" in review
    client.submit("/catalog/orders?customer=C000001", {**filled, "idempotency_key": "line"}, page=PLACE)
    with shop.reading() as ctx:
        latest = queries.services_of(ctx, service(shop).customer_id)[-1]
    assert latest.contract == branch
