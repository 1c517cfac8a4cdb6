"""Everything that can be read, read by staff who see only some customers: the others' rows are nowhere."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from tests.line.test_walk import real_path
from tests.plugins.portal.conftest import Household, households, portal_client
from trunkline.access.models import Role, RoleGrant, RowScope
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers.models import Customer, CustomerTag, Reseller
from trunkline.demo.stock import mobile_numbers, sims
from trunkline.interactions import operations as interactions
from trunkline.interactions.schemas import RecordInteraction
from trunkline.operation import Context
from trunkline.search.indexing import index_due
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import page_routes
from trunkline_billing import operations as billing
from trunkline_billing.refund_schemas import RefundPayment
from trunkline_billing.schemas import RecordPayment
from trunkline_inventory import operations as inventory

__all__ = ["households", "portal_client"]

SCOPES = (RowScope.ASSIGNED, RowScope.OWN, RowScope.TAG, RowScope.RESELLER)
#: A page that both see, each their own rows of it.
_OF_BOTH = {"/provisioning/rollouts/{number}": "RO000001"}
_FORMATS = ("", "?export=csv", "?q=bruno")


@pytest.fixture
def limited(
    app: App, make_client: Callable[[], Browser], households: tuple[Household, Household]
) -> dict[RowScope, Browser]:
    """A browser for each row scope: every permission of staff, but only Ana's rows."""
    return {scope: _browser(app, make_client, households[0], scope) for scope in SCOPES}


def _browser(app: App, make_client: Callable[[], Browser], ana: Household, scope: RowScope) -> Browser:
    with app.unit_of_work() as ctx:
        role = Role(name=f"sees_{scope}", label=f"Sees {scope}", row_scope=scope)
        ctx.session.add(role)
        ctx.session.flush()
        for permission in app.permissions.values():
            if permission.audience == "staff":
                ctx.session.add(RoleGrant(role_id=role.key, permission=permission.name))
    email = f"sees-{scope}@example.com"
    key = create_user(app, email, role.name)
    with app.unit_of_work() as ctx:
        customer, user = ctx.session.get_one(Customer, ana.customer_id), ctx.session.get_one(User, key)
        if scope == RowScope.ASSIGNED:
            customer.assigned_user_id = key
        elif scope == RowScope.OWN:
            customer.registered_by_id = key
        elif scope == RowScope.TAG:
            user.scope_tags = ["vip", "old"]
            long_ago = app.clock().date() - timedelta(days=9)
            ctx.session.add(CustomerTag(customer_id=ana.customer_id, text="vip"))
            other = ana.customer_id + 1
            # A tag whose days are over opens nothing.
            ctx.session.add(CustomerTag(customer_id=other, text="old", to_date=long_ago))
        else:
            reseller = Reseller(code="sul", name="Sul")
            ctx.session.add(reseller)
            ctx.session.flush()
            customer.reseller_id = user.reseller_id = reseller.key
    return make_client().sign_in(email)


@pytest.fixture
def lately(app: App, households: tuple[Household, Household]) -> None:
    """What else there is of both: money that came and went back, a rollout and a difference found in the network, a contact,
    a pair that may be one customer, and somebody who was merged into each.
    """
    with app.unit_of_work() as ctx:
        for one in households:
            paid = billing.record_payment(
                ctx, RecordPayment(account_number=one.account, amount=Decimal(900), reference=one.number)
            )
            back = RefundPayment(amount=Decimal(5), method="cash", reason=f"Back to {one.number}")
            billing.refund_payment(ctx, paid.number, back)
            interactions.record(ctx, one.number, RecordInteraction(subject=f"Of {one.number}", tell=False))
        _insert(ctx, "core_customer_duplicate", first_id=1, second_id=2, reasons="name", score=9)
        rollout = _insert(
            ctx, "provisioning_rollout", number="RO000001", title="All", wish={"action": "suspend"}, limits={}
        )
        for one in households:
            own = {"customer_id": one.customer_id, "service": one.service}
            _insert(ctx, "provisioning_rollout_row", rollout_id=rollout, label=one.msisdn, **own)
            _insert(
                ctx,
                "provisioning_finding",
                number=f"NF{one.customer_id:06d}",
                action="hlr",
                place="hlr",
                subject=one.msisdn,
                kind="missing",
                seen_at=app.clock(),
                **own,
            )
            _insert(
                ctx,
                "core_customer_merge",
                customer_id=one.customer_id,
                source_id=900 + one.customer_id,
                number=one.number,
                source_number=f"C9{one.customer_id:05d}",
                source_name=f"Twin of {one.number}",
                merged_by="Ana Lima",
                undo_until=app.clock(),
            )


def _insert(ctx: Context, table: str, **values: Any) -> int:
    """A row of `table`, whose key is given back; what its model fills in by itself is left to it."""
    model = next(one for one in _models(SQLModel) if getattr(one, "__tablename__", "") == table)
    row = model(**values)
    ctx.session.add(row)
    ctx.session.flush()
    return int(row.id)


def _models(model: Any) -> Iterator[Any]:
    for one in model.__subclasses__():
        yield one
        yield from _models(one)


def _further(app: App, one: Household) -> dict[str, str]:
    """Rows of a household that have pages of their own: stock, mail, and what was done, by the path that leads there."""
    metadata = SQLModel.metadata.tables
    paths = {
        "/inventory/items/{number}": "inventory_item",
        "/emails/{number}": "core_email",
        "/jobs/{number}": "core_job",
        "/activity/{entry_id}": "core_activity",
        "/billing/payments/{number}": "billing_payment",
        "/billing/refunds/{number}": "billing_refund",
        "/provisioning/differences/{number}": "provisioning_finding",
    }
    with app.reading() as ctx:
        found = {}
        for path, name in paths.items():
            table = metadata[name]
            column = table.c.number if "number" in table.c else table.c.id
            row = select(column).where(table.c.customer_id == one.customer_id).limit(1)
            if (value := ctx.session.scalar(row)) is not None:
                found[path] = str(value)
        assert set(paths) - {"/jobs/{number}"} <= set(found)
        return found


def _known(one: Household) -> dict[str, str]:
    return {
        "/customers/{number}": one.number,
        "/catalog/services/{number}": one.service,
        "/billing/invoices/{number}": one.invoice,
        "/billing/accounts/{number}": one.account,
        "/portal/staff/{number}": one.number,
        "/portal/customers/{number}": one.number,
    }


def _seen(text: str, one: Household) -> list[str]:
    """What the text tells of a household, beside what its own address said."""
    marks = [one.number, one.service, one.msisdn, one.invoice, one.account]
    return [mark for mark in (*marks, "Bruno", "bruno@") if mark in text]


@pytest.mark.timeout(600)
def test_no_page_list_or_export_shows_a_row_out_of_scope(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household], lately: None
) -> None:
    bruno, shown = households[1], []
    index_due(app)
    known = _known(bruno) | _further(app, bruno)
    for _plugin, route in page_routes(app):
        if "GET" not in route.methods or route.audience == "portal":
            continue
        path = real_path(route.path, known | _OF_BOTH)
        named = any(f"/{number}/" in f"{path}/" for number in known.values())
        for suffix in _FORMATS if not named else ("",):
            answer = limited[RowScope.TAG].get(path + suffix, follow_redirects=False)
            told = [] if "q=bruno" in suffix else _seen(answer.text, bruno)
            if named and answer.status_code != 404:
                shown.append(f"{path}: {answer.status_code}")
            if not named and told:
                shown.append(f"{path}{suffix}: {told}")
            if answer.status_code >= 500:
                shown.append(f"{path}{suffix}: {answer.status_code}")
    assert not shown, "\n".join(shown)


@pytest.mark.timeout(600)
def test_no_rest_route_shows_a_row_out_of_scope(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household], lately: None
) -> None:
    bruno, shown = households[1], []
    known, browser = _known(bruno) | _further(app, bruno), limited[RowScope.ASSIGNED]
    body = {"email": "sees-assigned@example.com", "password": PASSWORD}
    token = browser.post("/api/v1/auth/login", json=body).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for _plugin, routes in app.hooks.gather("rest_routes"):
        for route in routes.routes:
            if route.method != "GET" or "/auth" in routes.prefix:
                continue
            path = f"/api/v1{real_path(routes.prefix + route.path, known | _OF_BOTH)}"
            named = any(f"/{number}/" in f"{path}/" for number in known.values())
            answer = browser.get(path, headers=headers)
            if named and answer.status_code != 404:
                shown.append(f"{path}: {answer.status_code}")
            if not named and _seen(answer.text, bruno):
                shown.append(f"{path}: {_seen(answer.text, bruno)}")
    assert not shown, "\n".join(shown)


def test_what_is_in_scope_is_all_there(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household]
) -> None:
    ana = households[0]
    index_due(app)
    for browser in limited.values():
        assert "Ana Souza" in browser.get("/customers").text
        for path in _known(ana):
            if not path.startswith(("/portal", "/billing/accounts")):
                assert browser.get(real_path(path, _known(ana))).status_code == 200, path
        assert ana.invoice in browser.get("/billing/invoices").text
        assert ana.service in browser.get("/catalog/services").text
        assert f"/customers/{ana.number}" in browser.get("/search?q=ana").text


@pytest.mark.both_databases
def test_every_scope_hides_the_others(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household]
) -> None:
    bruno = households[1]
    index_due(app)
    for scope, browser in limited.items():
        for path in (
            "/",
            "/customers",
            "/catalog/services",
            "/billing/invoices",
            "/activity",
            "/emails",
            "/users",
        ):
            assert not _seen(browser.get(path).text, bruno), f"{scope} {path}"
        assert f"/customers/{bruno.number}" not in browser.get("/search?q=bruno").text
        assert browser.get(f"/customers/{bruno.number}").status_code == 404


def test_nothing_out_of_scope_can_be_changed(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household]
) -> None:
    known = _known(households[1])
    browser, wrong = limited[RowScope.ASSIGNED], []
    token = browser.csrf("/")
    for _plugin, route in page_routes(app):
        path = real_path(route.path, known)
        if "POST" not in route.methods or not any(number in path for number in known.values()):
            continue
        if route.audience == "portal":
            continue
        fields = {"csrf_token": token, "reason": "because", "user_id": "1", "text": "x", "name": "x"}
        status = browser.post(path, data=fields, follow_redirects=False).status_code
        if status not in (404, 422):
            wrong.append(f"{path}: {status}")
    assert not wrong, "\n".join(wrong)


def test_a_dealer_sells_from_stock_to_their_own_customers_only(
    app: App, limited: dict[RowScope, Browser], households: tuple[Household, Household]
) -> None:
    with app.unit_of_work() as ctx:
        inventory.add_items(ctx, "sim", list(sims(1, 3))[2:])
        inventory.add_items(ctx, "number", list(mobile_numbers(3))[2:])
    browser = limited[RowScope.OWN]
    body = {"email": "sees-own@example.com", "password": PASSWORD}
    token = browser.post("/api/v1/auth/login", json=body).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    ana, bruno = households

    def order(customer: str) -> int:
        wish = {"customer_number": customer, "lines": [{"action": "new", "product_code": "mobile"}]}
        return browser.post("/api/v1/catalog/orders", json=wish, headers=headers).status_code

    assert order(bruno.number) in (404, 422)
    assert order(ana.number) in (201, 202)
    assert "O000001" in browser.get("/catalog/orders").text
