"""Resellers: added, given customers and people, renamed, archived; each step as somebody would notice it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from trunkline.access.models import Role, RowScope
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer, Reseller
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused
from trunkline.resellers import operations
from trunkline.resellers.schemas import CreateReseller
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()
TAX_ID = "529.982.247-25"


def register(app: App, name: str, **more: str) -> str:
    facts = {"kind": "individual", "name": name, **more}
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer.model_validate(facts)).number


def reseller_of(app: App, number: str) -> int | None:
    with app.reading() as ctx:
        return ctx.session.scalars(select(Customer).where(col(Customer.number) == number)).one().reseller_id


@pytest.mark.both_databases
def test_a_resellers_people_see_the_customers_it_was_given_and_no_others(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "administrator")
    ines = create_user(app, "ines@example.com", "customer_care")
    dora, elza = register(app, "Dora Lopes"), register(app, "Elza Prado")
    ana = make_client().sign_in("ana@example.com")
    added = ana.submit("/resellers/new", {"name": "Rede Sul", "code": "rede-sul"})
    assert "Rede Sul" in added.text
    with app.unit_of_work() as ctx:
        key = ctx.session.scalars(select(Reseller)).one().key
        ctx.session.execute(
            update(Role).where(col(Role.name) == "customer_care").values(row_scope=RowScope.RESELLER)
        )
        ctx.session.get_one(User, ines).reseller_id = key
    given = ana.submit(f"/resellers/{key}/customers/add", {"number": dora.lower()})
    assert "Dora Lopes is the reseller" in given.text
    assert "ines@example.com" in given.text
    seen = make_client().sign_in("ines@example.com")
    assert seen.get(f"/customers/{dora}").status_code == 200
    assert seen.get(f"/customers/{elza}").status_code == 404
    ana.submit(f"/resellers/{key}/customers/{dora}/take-back", page=f"/resellers/{key}")
    assert seen.get(f"/customers/{dora}").status_code == 404
    with app.reading() as ctx:
        noted = ctx.session.scalars(
            select(col(ActivityEntry.details))
            .where(col(ActivityEntry.operation) == "core.reseller.assign")
            .order_by(col(ActivityEntry.id))
        ).all()
    assert [entry["reseller"] for entry in noted] == ["rede-sul", ""]


@pytest.mark.both_databases
def test_an_archived_reseller_keeps_its_customers_and_takes_no_more(app: App) -> None:
    with app.unit_of_work() as ctx:
        key = operations.create(ctx, CreateReseller(name="Rede Sul", code="rede-sul")).key
    dora, elza = register(app, "Dora Lopes", reseller_code="rede-sul"), register(app, "Elza Prado")
    with app.unit_of_work() as ctx:
        operations.archive(ctx, key)
    assert reseller_of(app, dora) == key
    with pytest.raises(Refused, match="takes no new customers"), app.unit_of_work() as ctx:
        operations.give_customer(ctx, key, elza)
    with pytest.raises(Refused, match="takes no new customers"):
        register(app, "Flora Dias", reseller_code="rede-sul")
    with app.unit_of_work() as ctx:
        operations.restore(ctx, key)
        operations.give_customer(ctx, key, elza)
    assert reseller_of(app, elza) == key


def test_two_customers_of_one_reseller_never_share_a_tax_id(app: App) -> None:
    with app.unit_of_work() as ctx:
        key = operations.create(ctx, CreateReseller(name="Rede Sul", code="rede-sul")).key
    register(app, "Dora Lopes", tax_id=TAX_ID, reseller_code="rede-sul")
    own = register(app, "Dora Lopes", tax_id=TAX_ID)
    with pytest.raises(Refused, match="belongs to Dora Lopes"), app.unit_of_work() as ctx:
        operations.give_customer(ctx, key, own)


def test_programs_keep_resellers_by_rest(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "administrator")
    body = {"email": "ana@example.com", "password": PASSWORD}
    token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    made = client.post("/api/v1/resellers", json={"name": "Rede Sul", "code": "rede-sul"}, headers=head)
    assert made.status_code == 201, made.text
    key = made.json()["id"]
    again = client.post("/api/v1/resellers", json={"name": "Outra", "code": "rede-sul"}, headers=head)
    assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "code")
    dora = register(app, "Dora Lopes")
    given = client.post(f"/api/v1/resellers/{key}/customers", json={"number": dora}, headers=head).json()
    assert given["customers"] == 1
    taken = client.request("DELETE", f"/api/v1/resellers/{key}/customers/{dora}", headers=head)
    assert taken.status_code == 204
    stale = client.patch(f"/api/v1/resellers/{key}", json={"name": "X"}, headers={**head, "If-Match": '"9"'})
    assert stale.status_code in (409, 412)
    listed = client.get("/api/v1/resellers", headers=head).json()
    assert [(one["name"], one["customers"]) for one in listed["items"]] == [("Rede Sul", 0)]
