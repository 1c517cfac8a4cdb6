"""Registering and changing customers, by the operations themselves."""

from datetime import date

import pytest
from sqlmodel import col, select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import operations, queries
from trunkline.customers.models import Customer, CustomerStatus, Reseller
from trunkline.customers.schemas import (
    AddressData,
    AttributeData,
    ContactData,
    RegisterCustomer,
    SetStatus,
    SiteData,
    TagData,
    UpdateCustomer,
)
from trunkline.errors import Conflict, Forbidden, NotFound, Refused
from trunkline.events.models import OutboxEvent
from trunkline.i18n import use_locale
from trunkline.operation import Actor, ActorKind, Context, Scope
from trunkline.testing import actor_with

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def person(name: str = "Ana Souza", **values: object) -> RegisterCustomer:
    return RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})


def company(name: str = "Padaria Estrela", **values: object) -> RegisterCustomer:
    return RegisterCustomer.model_validate({"kind": "business", "name": name, **values})


def test_a_registered_customer_has_a_number_and_normal_forms(ctx: Context) -> None:
    customer = operations.register(
        ctx,
        company(
            legal_name="Padaria Estrela do Sul Ltda",
            tax_id="11.222.333/0001-81",
            email="Contato@EXAMPLE.com",
            phone="(51) 3333-4444",
            address=AddressData(
                street="Av. Ipiranga 1200", city="Porto Alegre", state="RS", postal_code="90160091"
            ),
        ),
    )
    assert customer.number == "C000001"
    assert customer.tax_id == "11222333000181"
    assert customer.phone == "+555133334444"
    assert customer.email == "Contato@example.com"
    assert customer.country == "BR"
    (site,) = queries.sites_of(ctx, customer.key)
    assert (site.city, site.postal_code, site.country) == ("Porto Alegre", "90160-091", "BR")


def test_registering_leaves_an_event_and_an_activity_entry(ctx: Context) -> None:
    customer = operations.register(ctx, person())
    ctx.session.flush()
    event = ctx.session.scalars(select(OutboxEvent)).one()
    assert (event.name, event.entity_id) == ("customer.registered", customer.id)
    entry = ctx.session.scalars(select(ActivityEntry)).one()
    assert (entry.operation, entry.customer_id, entry.subject) == (
        "core.customer.create",
        customer.id,
        customer.number,
    )


@pytest.mark.parametrize(
    ("command", "field", "says"),
    [
        (person(tax_id="123.456.789-00"), "tax_id", "CPF"),
        (person(tax_id="11.222.333/0001-81"), "tax_id", "register a business"),
        (company(tax_id="11.222.333/0001-99"), "tax_id", "CNPJ"),
        (company(tax_id="DE 123 456 789", country="DE"), "tax_id", "VAT"),
        (person(phone="12"), "phone", "phone number"),
        (person(email="ana at example.com"), "email", "e-mail"),
        (person(legal_name="Ana Ltda"), "legal_name", "kind of customer"),
        (company(birth_date="1990-01-01"), "birth_date", "kind of customer"),
        (person(birth_date="2999-01-01"), "birth_date", "in the future"),
        (person(birth_date="1790-01-01"), "birth_date", "130 years ago"),
        (person(address={"postal_code": "123"}), "address.postal_code", "CEP"),
        (person(reseller_code="nobody"), "reseller_code", "nobody"),
    ],
)
def test_bad_input_names_the_field(ctx: Context, command: RegisterCustomer, field: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refusal:
        operations.register(ctx, command)
    assert refusal.value.field == field


def test_all_that_is_wrong_is_said_at_once(ctx: Context) -> None:
    wrong = person(tax_id="123.456.789-00", phone="12", email="ana", address={"postal_code": "1"})
    with pytest.raises(Refused) as refusal:
        operations.register(ctx, wrong)
    faults = (refusal.value, *refusal.value.others)
    assert [fault.field for fault in faults] == ["tax_id", "email", "phone", "address.postal_code"]


def test_the_first_site_is_named_in_the_customers_language(ctx: Context) -> None:
    home = {"city": "Recife"}
    ana = operations.register(ctx, person(language="pt_BR", address=home))
    bob = operations.register(ctx, person("Bob Day", language="en", address=home))
    names = [site.name for customer in (ana, bob) for site in queries.sites_of(ctx, customer.key)]
    assert names == ["Residência", "Home"]


def test_alphanumeric_cnpj_is_accepted(ctx: Context) -> None:
    assert operations.register(ctx, company(tax_id="12.abc.345/01de-35")).tax_id == "12ABC34501DE35"


def test_a_german_vat_number_is_accepted(ctx: Context) -> None:
    assert operations.register(ctx, company(tax_id="DE 136,695 976", country="DE")).tax_id == "136695976"


def test_a_taken_tax_id_names_the_other_customer(ctx: Context) -> None:
    operations.register(ctx, person("Ana Souza", tax_id="529.982.247-25"))
    with pytest.raises(Refused, match=r"Ana Souza \(C000001\)") as refusal:
        operations.register(ctx, person("Ana S.", tax_id="52998224725"))
    assert refusal.value.field == "tax_id"


def test_archiving_frees_the_tax_id_and_restoring_claims_it_again(ctx: Context) -> None:
    first = operations.register(ctx, person(tax_id="52998224725", status="pending"))
    operations.archive(ctx, first.number)
    second = operations.register(ctx, person("Ana Nova", tax_id="52998224725"))
    assert queries.find_by_tax_id(ctx, "52998224725") == second
    with pytest.raises(Refused, match="Ana Nova"):
        operations.restore(ctx, first.number)


def test_an_old_version_is_a_conflict_that_shows_both_values(ctx: Context) -> None:
    customer = operations.register(ctx, person())
    opened_at = customer.version
    operations.update(ctx, customer.number, UpdateCustomer(name="Ana Maria", version=opened_at))
    with pytest.raises(Conflict, match=r"“Ana Maria”.*“Ana Clara”"):
        operations.update(ctx, customer.number, UpdateCustomer(name="Ana Clara", version=opened_at))


def test_saving_what_is_there_already_changes_nothing(ctx: Context) -> None:
    customer = operations.register(ctx, person(tax_id="52998224725", phone="51 99123-4567"))
    before = customer.version
    operations.update(
        ctx,
        customer.number,
        UpdateCustomer(name="Ana Souza", tax_id="529.982.247-25", phone="+55 51 99123 4567"),
    )
    ctx.session.flush()
    assert customer.version == before
    assert len(ctx.session.scalars(select(OutboxEvent)).all()) == 1


def test_a_field_that_is_not_named_stays(ctx: Context) -> None:
    customer = operations.register(ctx, person(email="ana@example.com", birth_date=date(1990, 5, 1)))
    operations.update(ctx, customer.number, UpdateCustomer(phone="51 99123-4567"))
    assert (customer.email, customer.birth_date) == ("ana@example.com", date(1990, 5, 1))


def test_statuses_follow_their_rules(ctx: Context) -> None:
    number = operations.register(ctx, person(status="pending")).number
    with pytest.raises(Refused, match="pending cannot become suspended") as refusal:
        operations.set_status(ctx, number, SetStatus(status=CustomerStatus.SUSPENDED, reason="x"))
    assert refusal.value.remedy == "From here: active, closed."
    operations.set_status(ctx, number, SetStatus(status=CustomerStatus.ACTIVE))
    with pytest.raises(Refused, match="Say why"):
        operations.set_status(ctx, number, SetStatus(status=CustomerStatus.CLOSED))
    operations.set_status(ctx, number, SetStatus(status=CustomerStatus.CLOSED, reason="moved away"))
    operations.archive(ctx, number)
    with pytest.raises(Refused, match="archived"):
        operations.update(ctx, number, UpdateCustomer(name="Other"))
    names = [event.name for event in ctx.session.scalars(select(OutboxEvent).order_by(col(OutboxEvent.id)))]
    assert names == ["customer.registered", *["customer.status_changed"] * 3]


def test_an_active_customer_cannot_be_archived(ctx: Context) -> None:
    number = operations.register(ctx, person()).number
    with pytest.raises(Refused, match="Close it first"):
        operations.archive(ctx, number)


def test_contacts_sites_tags_and_attributes_belong_to_their_customer(ctx: Context) -> None:
    ana = operations.register(ctx, person())
    other = operations.register(ctx, person("Bruno Lima"))
    contact = operations.add_contact(
        ctx,
        ana.number,
        ContactData.model_validate({"name": "Carla", "roles": ["billing"], "email": "c@example.com"}),
    )
    site = operations.add_site(ctx, ana.number, SiteData(name="Home", postal_code="01310100"))
    tag = operations.add_tag(ctx, ana.number, TagData(text="VIP", from_date=date(2020, 1, 1)))
    attribute = operations.set_attribute(
        ctx, ana.number, AttributeData.model_validate({"name": "Lines", "type": "number", "value": "12,50"})
    )
    assert attribute.value == "12.50"
    assert queries.billing_address(ctx, ana.key) == "c@example.com"
    assert [row.text for row in queries.tags_of(ctx, ana.key, current=True)] == ["VIP"]
    for remove, row in (
        (operations.remove_contact, contact),
        (operations.remove_site, site),
        (operations.remove_tag, tag),
        (operations.remove_attribute, attribute),
    ):
        with pytest.raises(NotFound):
            remove(ctx, other.number, row.key)
        remove(ctx, ana.number, row.key)
    assert not queries.contacts_of(ctx, ana.key)
    assert not queries.sites_of(ctx, ana.key)


def test_a_tag_out_of_its_dates_is_not_current(ctx: Context) -> None:
    ana = operations.register(ctx, person())
    operations.add_tag(ctx, ana.number, TagData(text="Promo", to_date=date(2020, 1, 1)))
    assert not queries.tags_of(ctx, ana.key, current=True)
    assert len(queries.tags_of(ctx, ana.key)) == 1


@pytest.mark.parametrize(
    ("kind", "value"), [("number", "many"), ("date", "21/11/2026"), ("boolean", "perhaps"), ("number", "NaN")]
)
def test_an_attribute_value_must_fit_its_type(ctx: Context, kind: str, value: str) -> None:
    ana = operations.register(ctx, person())
    with pytest.raises(Refused, match="does not fit") as refusal:
        operations.set_attribute(
            ctx, ana.number, AttributeData.model_validate({"name": "x", "type": kind, "value": value})
        )
    assert refusal.value.field == "value"


def test_without_the_permission_nothing_is_registered(app: App) -> None:
    with (
        pytest.raises(Forbidden, match=r"core\.customer\.create"),
        app.unit_of_work(actor_with("core.customer.view")) as ctx,
    ):
        operations.register(ctx, person())


@pytest.fixture
def two_resellers(app: App) -> tuple[Actor, Actor]:
    actors = []
    with app.unit_of_work() as ctx:
        for name in ("Norte", "Sul"):
            reseller = Reseller(code=name.lower(), name=name)
            ctx.session.add(reseller)
            ctx.session.flush()
            actors.append(Actor(ActorKind.STAFF, None, name, None, Scope(reseller_id=reseller.key)))
    return actors[0], actors[1]


def test_resellers_see_only_their_own_customers(app: App, two_resellers: tuple[Actor, Actor]) -> None:
    north, south = two_resellers
    with app.unit_of_work(north) as ctx:
        number = operations.register(ctx, person(tax_id="52998224725")).number
    with app.unit_of_work(south) as ctx:
        # The same person may be a customer of both.
        operations.register(ctx, person("Ana do Sul", tax_id="52998224725"))
        names = [row.name for row in ctx.session.execute(queries.list_customers(ctx))]
        assert names == ["Ana do Sul"]
        with pytest.raises(NotFound):
            queries.get(ctx, number)
        with pytest.raises(NotFound):
            operations.update(ctx, number, UpdateCustomer(name="Mine"))


def test_kinds_are_stored_as_words(ctx: Context) -> None:
    operations.register(ctx, company())
    stored = ctx.session.scalars(select(Customer.kind)).one()
    assert stored == "business"


def test_a_refused_status_is_said_in_the_readers_language(ctx: Context) -> None:
    number = operations.register(ctx, person(status="pending")).number
    with use_locale("pt_BR"), pytest.raises(Refused) as refusal:
        operations.set_status(ctx, number, SetStatus(status=CustomerStatus.SUSPENDED, reason="x"))
    assert "suspenso" in refusal.value.message
    assert refusal.value.remedy is not None
    assert "ativo" in refusal.value.remedy
