"""What somebody may do and why, whose rows they see, and who may do something."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from trunkline.access import operations, why
from trunkline.access.models import RowScope
from trunkline.access.roles import actor_for
from trunkline.access.schemas import CreateRole, EditRole, RowFacts
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers.models import Reseller
from trunkline.errors import Forbidden, Refused
from trunkline.operation import EVERYTHING, SYSTEM, Scope
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


def make_role(app: App, name: str, row_scope: RowScope, *permissions: str) -> None:
    with app.unit_of_work() as ctx:
        operations.create_role(
            ctx, CreateRole(name=name, label=name.title(), description="", audience="staff", copy_of="")
        )
        edit = EditRole(
            label=name.title(), description="", permissions=list(permissions), row_scope=row_scope
        )
        operations.edit_role(ctx, name, edit)


def scope_of(app: App, user_id: int) -> Scope:
    with app.reading() as ctx:
        return actor_for(ctx.session, ctx.session.get_one(User, user_id)).scope


def test_each_permission_names_the_roles_that_grant_it(app: App) -> None:
    key = create_user(app, "ana@example.com", "customer_care", "auditor")
    with app.reading() as ctx:
        access = why.access_of(ctx, ctx.session.get_one(User, key))
    assert access.grants["core.customer.view"] == ["Auditor", "Customer care"]
    assert access.grants["core.customer.create"] == ["Customer care"]
    assert "core.role.edit" not in access.grants
    assert (access.everything, list(access.shows)) == (False, ["Every customer"])


def test_who_may_do_something_is_found_by_every_way_to_hold_it(app: App) -> None:
    for name, role in (("ana", "auditor"), ("root", "administrator"), ("caio", "cashier")):
        create_user(app, f"{name}@example.com", role)
    with app.reading() as ctx:
        assert [user.name for user in why.people_who_may(ctx, "core.activity.list")] == ["Ana", "Root"]
        roles = [role.name for role in why.roles_granting(ctx, "core.activity.list")]
    assert {"administrator", "auditor", "supervisor"} == set(roles)


@pytest.mark.both_databases
def test_rows_of_several_roles_add_up_and_the_widest_wins(app: App) -> None:
    make_role(app, "assigned_ones", RowScope.ASSIGNED)
    make_role(app, "tagged_ones", RowScope.TAG)
    key = create_user(app, "ana@example.com", "assigned_ones", "tagged_ones")
    with app.unit_of_work() as ctx:
        version = ctx.session.get_one(User, key).version
        operations.set_row_facts(ctx, key, RowFacts(tags=" vip, key account,vip ", version=version))
    assert scope_of(app, key) == Scope(
        customer_ids=frozenset(), assigned_to=key, tags=frozenset({"vip", "key account"})
    )
    with app.unit_of_work() as ctx:
        operations.set_roles(ctx, ctx.session.get_one(User, key), ["assigned_ones", "cashier"])
    assert scope_of(app, key) is EVERYTHING


def test_a_scope_without_its_fact_shows_nothing(app: App) -> None:
    make_role(app, "resellers", RowScope.RESELLER)
    key = create_user(app, "ana@example.com", "resellers")
    assert scope_of(app, key) == Scope(customer_ids=frozenset())
    assert scope_of(app, key).is_limited
    with app.unit_of_work() as ctx:
        ctx.session.add(Reseller(code="sul", name="Sul"))
        with pytest.raises(Refused, match="no reseller"):
            operations.set_row_facts(ctx, key, RowFacts(reseller="norte"))
        operations.set_row_facts(ctx, key, RowFacts(reseller="sul"))
    assert scope_of(app, key).reseller_id == 1


def test_a_dealer_sees_what_they_registered(app: App, make_client: Callable[[], Browser]) -> None:
    browser = {}
    for name in ("ana", "bia"):
        create_user(app, f"{name}@example.com", "dealer")
        browser[name] = make_client().sign_in(f"{name}@example.com")
    browser["ana"].submit("/customers/new", {"name": "Caio Lima", "country": "BR"})
    assert "Caio Lima" in browser["ana"].get("/customers").text
    assert "Caio Lima" not in browser["bia"].get("/customers").text
    assert browser["bia"].get("/customers/C000001").status_code == 404


def test_nobody_widens_rows_beyond_what_they_see(app: App) -> None:
    make_role(app, "assigned_ones", RowScope.ASSIGNED)
    key = create_user(app, "ana@example.com", "cashier")
    limited = Scope(customer_ids=frozenset(), assigned_to=99)
    with app.unit_of_work(replace(SYSTEM, scope=limited)) as ctx:
        with pytest.raises(Forbidden, match="only some customers"):
            operations.edit_role(
                ctx,
                "assigned_ones",
                EditRole(label="x", description="", permissions=[], row_scope=RowScope.ALL),
            )
        with pytest.raises(Forbidden, match="shows more than you see"):
            operations.set_roles(ctx, ctx.session.get_one(User, key), ["cashier", "auditor"])


def test_customers_are_assigned_and_found_by_who_looks_after_them(
    app: App, staff: Callable[..., Browser]
) -> None:
    key = create_user(app, "tito@example.com", "field_technician")
    care = staff("customer_care")
    for name in ("Ana Souza", "Bia Reis"):
        care.submit("/customers/new", {"name": name, "country": "BR"})
    care.submit("/customers/C000001/assign", {"user_id": str(key), "version": "1"})
    assert "Tito" in care.get("/customers/C000001").text
    listed = care.get(f"/customers?assigned={key}").text
    assert "Ana Souza" in listed
    assert "Bia Reis" not in listed
    assert "Bia Reis" in care.get("/customers?assigned=nobody").text
    portal = create_user(app, "p@example.com", "portal_owner", customer_id=1)
    refused = care.submit("/customers/C000002/assign", {"user_id": str(portal), "version": "1"})
    assert refused.status_code == 422


def test_pages_and_rest_answer(app: App, staff: Callable[..., Browser], client: Browser) -> None:
    key = create_user(app, "ana@example.com", "auditor")
    create_user(app, "root@example.com", "administrator")
    browser = staff()
    shown = browser.get(f"/users/{key}/permissions").text
    assert "See the activity log" in shown
    assert "Register customers" not in shown
    assert "See the activity log" not in browser.get(f"/users/{key}/permissions?q=customer").text
    assert "What and why" in browser.get(f"/users/{key}").text
    assert "core.activity.list" in browser.get("/permissions?q=activity").text
    assert "Ana" in browser.get("/permissions/core.activity.list").text
    assert browser.get("/permissions/core.nothing.list").status_code == 404
    assert browser.submit(f"/users/{key}/customers", {"tags": "vip"}).status_code == 200
    login = client.post("/api/v1/auth/login", json={"email": "root@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    found = client.get(f"/api/v1/permissions/users/{key}", headers=headers).json()
    assert (found["rows"], found["everything"]) == (["all"], False)
    assert {
        "permission": "core.activity.list",
        "label": "See the activity log",
        "roles": ["Auditor"],
    } in found["permissions"]
    narrowed = client.patch(
        f"/api/v1/permissions/users/{key}",
        json={"tags": "vip, key account"},
        headers={**headers, "If-Match": f'"{found["version"]}"'},
    )
    assert (narrowed.status_code, narrowed.json()["tags"]) == (200, ["vip", "key account"])
    listed = client.get("/api/v1/permissions", headers=headers).json()["items"]
    assert next(item for item in listed if item["name"] == "core.role.edit")["roles"] == ["administrator"]


def test_a_tax_id_that_is_taken_out_of_sight_does_not_name_its_customer(
    app: App, make_client: Callable[[], Browser], staff: Callable[..., Browser]
) -> None:
    facts = {"country": "BR", "tax_id": "529.982.247-25"}
    staff("customer_care").submit("/customers/new", {"name": "Ana Souza", **facts})
    create_user(app, "bia@example.com", "dealer")
    dealer = make_client().sign_in("bia@example.com")
    refused = dealer.submit("/customers/new", {"name": "Somebody", **facts})
    assert refused.status_code == 422
    assert "is registered already" in refused.text
    assert "Ana Souza" not in refused.text
    assert "C000001" not in refused.text
