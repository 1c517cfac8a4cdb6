"""Changes of what administrators set up are told as events: by name and number, never with what is secret or private."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from trunkline.access import operations as roles
from trunkline.access.schemas import CreateRole, EditRole
from trunkline.app import App
from trunkline.auth import api_keys
from trunkline.auth import operations as users
from trunkline.auth.schemas import CreateApiKey
from trunkline.auth.service_accounts import operations as service_accounts
from trunkline.auth.service_accounts.schemas import CreateServiceAccount
from trunkline.auth.signing_keys import operations as signing_keys
from trunkline.branding import operations as brands
from trunkline.branding.schemas import BrandFields, EditBrand
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.events.models import EventDelivery, OutboxEvent
from trunkline.files import operations as files
from trunkline.jobs import PlannedStep, enqueue
from trunkline.jobs import operations as jobs
from trunkline.lists import views
from trunkline.lists.schemas import ChangeView, SaveView
from trunkline.mail_templates import operations as letters
from trunkline.mail_templates.schemas import WordingFields
from trunkline.numbering import operations as numbering
from trunkline.numbering.schemas import NumberChange
from trunkline.operation import Actor, ActorKind, Context
from trunkline.resellers import operations as resellers
from trunkline.resellers.schemas import CreateReseller, EditReseller
from trunkline.testing import create_user
from trunkline.webhooks import operations as webhooks
from trunkline.webhooks.schemas import EditWebhook, WebhookFields

pytestmark = [pytest.mark.plugins, pytest.mark.both_databases]


class Teller:
    """Does something as an administrator and keeps what it gave; says which one event came of it."""

    def __init__(self, app: App) -> None:
        self.app = app
        key = create_user(app, "ana@example.com", "administrator")
        self.actor = Actor(ActorKind.STAFF, key, "Ana", permissions=None)
        self.made: Any = None

    def __call__(self, do: Callable[[Context], Any]) -> tuple[str, dict[str, Any]]:
        with self.app.unit_of_work(self.actor) as ctx:
            before = set(ctx.session.scalars(select(col(OutboxEvent.id))))
            self.made = do(ctx)
            ctx.session.flush()
            [event] = [one for one in ctx.session.scalars(select(OutboxEvent)) if one.id not in before]
            return event.name, event.payload


@pytest.fixture
def told(app: App) -> Teller:
    return Teller(app)


def test_the_life_of_a_role_is_told_with_what_it_grants(told: Teller) -> None:
    night = CreateRole.model_validate({"name": "night_shift", "label": "Night shift"})
    name, facts = told(lambda ctx: roles.create_role(ctx, night))
    assert (name, facts["entity_id"], facts["role"]) == ("role.created", told.made.key, "night_shift")
    given = EditRole.model_validate({"label": "Night shift", "permissions": ["core.customer.view"]})
    name, facts = told(lambda ctx: roles.edit_role(ctx, "night_shift", given))
    assert (name, facts["granted"], facts["withdrawn"]) == ("role.changed", ["core.customer.view"], [])
    taken = EditRole.model_validate({"label": "Night shift", "permissions": []})
    name, facts = told(lambda ctx: roles.edit_role(ctx, "night_shift", taken))
    assert (name, facts["granted"], facts["withdrawn"]) == ("role.changed", [], ["core.customer.view"])
    assert told(lambda ctx: roles.delete_role(ctx, "night_shift"))[0] == "role.deleted"


def test_keys_and_accounts_of_programs_are_told_without_the_keys(told: Teller) -> None:
    account = CreateServiceAccount(name="Exporter", code="exporter", roles=["auditor"])
    name, facts = told(lambda ctx: service_accounts.create(ctx, account))
    assert (name, facts["kind"]) == ("user.created", "service")
    key = told.made.key
    name, facts = told(
        lambda ctx: service_accounts.create_key(ctx, key, CreateApiKey.model_validate({"name": "Nightly"}))
    )
    row, secret = told.made
    assert (name, facts) == (
        "api_key.created",
        {"entity_id": row.key, "customer_id": None, "user_id": key},
    )
    assert secret
    assert told(lambda ctx: service_accounts.revoke_key(ctx, key, row.key))[0] == "api_key.revoked"
    assert told(lambda ctx: service_accounts.disable(ctx, key))[0] == "user.disabled"
    assert told(lambda ctx: service_accounts.enable(ctx, key))[0] == "user.enabled"
    assert (
        told(lambda ctx: api_keys.create_key(ctx, CreateApiKey.model_validate({"name": "Mine"})))[1][
            "user_id"
        ]
        == told.actor.id
    )
    assert told(lambda ctx: users.end_sessions(ctx, key))[0] == "user.signed_out"
    name, facts = told(lambda ctx: signing_keys.rotate(ctx, at_once=True))
    assert (name, facts["at_once"]) == ("signing_key.rotated", True)


def test_a_job_that_is_to_go_first_is_told_with_its_priority(told: Teller, app: App) -> None:
    with app.unit_of_work() as ctx:
        later = app.clock() + timedelta(days=1)
        steps = [PlannedStep("core.verify_activity")]
        number = enqueue(ctx, kind="test", title="Later", steps=steps, key="later", run_at=later).number
    name, facts = told(lambda ctx: jobs.reschedule(ctx, number, priority=1))
    assert (name, facts["number"], facts["priority"]) == ("job.priority_changed", number, 1)


def test_resellers_brands_letters_and_numbers_are_told(told: Teller) -> None:
    south = CreateReseller(name="South", code="south")
    name, facts = told(lambda ctx: resellers.create(ctx, south))
    key = told.made.key
    assert (name, facts["code"]) == ("reseller.created", "south")
    assert (
        told(lambda ctx: resellers.edit(ctx, key, EditReseller.model_validate({"name": "Deep south"})))[0]
        == "reseller.changed"
    )
    assert told(lambda ctx: resellers.archive(ctx, key))[0] == "reseller.archived"
    assert told(lambda ctx: resellers.restore(ctx, key))[0] == "reseller.restored"

    name, facts = told(lambda ctx: brands.create(ctx, BrandFields(name="Blue", host="blue.example.com")))
    brand = told.made.key
    assert (name, facts["host"]) == ("brand.created", "blue.example.com")
    assert told(lambda ctx: brands.edit(ctx, brand, EditBrand(name="Bluer")))[0] == "brand.changed"
    assert told(lambda ctx: brands.remove(ctx, brand))[0] == "brand.removed"

    words = WordingFields(subject="Come in", text="Here: {{ link }}")
    name, facts = told(lambda ctx: letters.word(ctx, "core/mail/invitation", "en", words))
    assert (name, facts["template"], facts["language"]) == (
        "mail_template.changed",
        "core/mail/invitation",
        "en",
    )
    assert "Come in" not in str(facts)
    restored = told(lambda ctx: letters.restore(ctx, "core/mail/invitation", "en"))
    assert restored[0] == "mail_template.restored"

    name, facts = told(lambda ctx: numbering.change(ctx, "customer", NumberChange(prefix="CLT")))
    assert (name, facts["kind"], facts["reseller"]) == ("numbering.changed", "customer", "")


def test_files_of_customers_and_saved_views_are_told_without_their_names(told: Teller) -> None:
    with told.app.unit_of_work() as ctx:
        registered = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bruno Alves")
        )
        number, customer = registered.number, registered.key
    paper = io.BytesIO(b"%PDF-1.4\n%%EOF\n")
    name, facts = told(lambda ctx: files.attach(ctx, number, paper, "divorce.pdf", "private"))
    file = told.made.key
    assert (name, facts["customer_id"], facts["media_type"]) == ("file.attached", customer, "application/pdf")
    assert "divorce" not in str(facts)
    name, facts = told(lambda ctx: files.remove(ctx, number, file))
    assert (name, facts["entity_id"], facts["customer_id"]) == ("file.removed", file, customer)

    name, facts = told(
        lambda ctx: views.save(ctx, "customers", SaveView(name="Late", query="q=Bruno", shared=True))
    )
    view = told.made.key
    assert (name, facts["list_name"], facts["shared"]) == ("saved_view.created", "customers", True)
    assert "Bruno" not in str(facts)
    name, facts = told(lambda ctx: views.change(ctx, view, ChangeView(name="Late", shared=False)))
    assert (name, facts["shared"]) == ("saved_view.changed", False)
    assert told(lambda ctx: views.remove(ctx, view))[0] == "saved_view.removed"


def test_an_endpoint_hears_what_is_done_to_others_and_never_addresses_or_secrets(told: Teller) -> None:
    audit = WebhookFields(name="Audit", url="https://audit.example.com/told", events=["webhook.changed"])
    assert told(lambda ctx: webhooks.create(ctx, audit))[0] == "webhook.created"
    listener = told.made[0].number
    other = WebhookFields(name="Sales", url="https://sales.example.com/told", events=["customer.changed"])
    told(lambda ctx: webhooks.create(ctx, other))
    number = told.made[0].number
    moved = EditWebhook(name="Sales", url="https://new.example.com/told", events=["customer.changed"])
    steps: dict[str, Callable[[Context], Any]] = {
        "webhook.changed": lambda ctx: webhooks.edit(ctx, number, moved),
        "webhook.stopped": lambda ctx: webhooks.stop(ctx, number),
        "webhook.started": lambda ctx: webhooks.start(ctx, number),
        "webhook.removed": lambda ctx: webhooks.remove(ctx, number),
    }
    for expected, do in steps.items():
        name, facts = told(do)
        assert (name, facts["number"]) == (expected, number)
        assert "example.com" not in str(facts)
    with told.app.reading() as ctx:
        waiting = ctx.session.scalars(select(EventDelivery)).all()
        names = {
            (delivery.subscriber, ctx.session.get_one(OutboxEvent, delivery.event_id).name)
            for delivery in waiting
        }
    assert names == {(listener, "webhook.changed")}
