"""What else is found than customers: people, roles and what is set up by name; jobs and messages by their numbers."""

from collections.abc import Callable

import pytest

from trunkline.access.models import Role
from trunkline.app import App
from trunkline.auth.models import User, UserKind
from trunkline.branding.models import BrandRecord
from trunkline.customers import operations as customers
from trunkline.customers.models import Reseller
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.numbers import in_full
from trunkline.operation import Actor, ActorKind, Scope
from trunkline.search.indexing import index_due, rebuild
from trunkline.search.queries import find
from trunkline.sms import operations as sms
from trunkline.testing import Browser, actor_with, create_user
from trunkline.webhooks.models import Webhook

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def found(app: App, query: str, actor: Actor | None = None) -> list[tuple[str, str]]:
    """Title and page of everything that the query finds."""
    with app.reading(actor) if actor else app.reading() as ctx:
        return [(hit.title, hit.path) for group in find(ctx, query) for hit in group.hits]


def set_up(app: App) -> None:
    """One of everything that an operator sets up."""
    with app.unit_of_work() as ctx:
        ctx.session.add_all(
            [
                Reseller(code="serra", name="Serra Telecom"),
                BrandRecord(name="Vale Net", host="valenet.example"),
                Webhook(number="W0001", name="Ledger", url="https://ledger.example/in", secret="s" * 32),
                User(
                    name="Nightly export",
                    email="exporter@service.invalid",
                    kind=UserKind.SERVICE,
                    status="active",
                ),
                Role(name="night_shift", label="Night shift"),
            ]
        )
    index_due(app)


@pytest.mark.parametrize(
    ("query", "title", "path"),
    [
        ("serra", "Serra Telecom", "/resellers/1"),
        ("valenet", "Vale Net", "/branding/1"),
        ("ledger", "Ledger", "/webhooks/W0001"),
        ("W0001", "Ledger", "/webhooks/W0001"),
        ("exporter", "Nightly export", "/service-accounts/"),
        ("night sh", "Night shift", "/roles/night_shift"),
        ("nihgt shift", "Night shift", "/roles/night_shift"),
    ],
)
def test_what_is_set_up_is_found_by_its_name_and_its_page_opens(
    app: App, staff: Callable[..., Browser], query: str, title: str, path: str
) -> None:
    set_up(app)
    hits = [hit for hit in found(app, query) if hit[0] == title]
    assert [hit[1].startswith(path) for hit in hits] == [True]
    assert staff().get(hits[0][1]).status_code == 200


def test_a_colleague_is_found_by_name_and_address_and_people_of_customers_lead_to_the_customer(
    app: App,
) -> None:
    with app.unit_of_work() as ctx:
        register = RegisterCustomer.model_validate({"kind": "individual", "name": "Zilda Prado"})
        customer = customers.register(ctx, register).key
    mine = create_user(app, "waldemar@example.com", "supervisor")
    create_user(app, "zuleica@example.com", customer_id=customer)
    index_due(app)
    assert [path for _title, path in found(app, "waldemar")] == [f"/users/{mine}"]
    assert [path for _title, path in found(app, "waldemar@example.com")] == [f"/users/{mine}"]
    assert found(app, "zuleica") == [("Zilda Prado", "/customers/C000001")]
    assert found(app, "zuleica", actor_with("core.search.use", "core.user.view")) == []
    assert found(app, "waldemar", actor_with("core.search.use", "core.customer.view")) == []


def test_a_new_name_is_found_and_the_old_one_is_not(app: App) -> None:
    set_up(app)
    with app.unit_of_work() as ctx:
        reseller = ctx.load_by(Reseller, Reseller.code, "serra")
        reseller.name, reseller.code = "Campos Telecom", "campos"
        ctx.session.delete(ctx.load_by(Role, Role.name, "night_shift"))
    index_due(app)
    assert found(app, "campos") == [("Campos Telecom", "/resellers/1")]
    assert found(app, "serra") == []
    assert found(app, "night shift") == []


def test_a_built_in_role_is_found_in_the_words_of_every_language(app: App) -> None:
    rebuild(app)
    for query in ("cashier", "caixa"):
        assert ("Cashier", "/roles/cashier") in found(app, query), query


@pytest.mark.parametrize("typed", ["J000001", "j1", " J0001 "])
def test_a_job_is_found_by_its_number_with_or_without_zeros(app: App, typed: str) -> None:
    with app.unit_of_work() as ctx:
        sms.queue(ctx, to="+5551991234567", text="Hello", key="k")
    assert [path for _title, path in found(app, typed)] == ["/jobs/J000001"]
    assert found(app, typed, actor_with("core.search.use")) == []


def test_a_message_is_found_only_by_those_who_see_its_customer(app: App) -> None:
    with app.unit_of_work() as ctx:
        register = RegisterCustomer.model_validate({"kind": "individual", "name": "Zilda Prado"})
        customer = customers.register(ctx, register).key
        sms.queue(ctx, to="+5551991234567", text="Hello", key="k", customer_id=customer)
    hers = Scope(frozenset({customer}))
    others = Scope(frozenset({customer + 1}))
    for scope, paths in ((hers, ["/text-messages/M00000001"]), (others, [])):
        reader = Actor(ActorKind.STAFF, None, "r", frozenset({"core.sms.view"}), scope)
        assert [path for _title, path in found(app, "m1", reader)] == paths


def test_the_palette_leads_to_a_job(app: App, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        sms.queue(ctx, to="+5551991234567", text="Hello", key="k")
    browser = staff("supervisor")
    options = browser.get("/search?q=j1", headers={"HX-Request": "true"}).text
    assert 'data-href="/jobs/J000001"' in options
    page = browser.get("/search?q=j1").text
    assert 'href="/jobs/J000001"' in page
    answer = staff().get("/search?q=j1&kind=job")
    assert 'href="/jobs/J000001"' in answer.text


def test_a_number_is_written_in_full(app: App) -> None:
    with app.reading() as ctx:
        meant = [in_full(ctx.session, ["job"], typed) for typed in ("j7", "J000007", "7", "J", "Jx7", "C7")]
    assert meant == [{"job": ["J000007"]}, {"job": ["J000007"]}, {}, {}, {}, {}]
