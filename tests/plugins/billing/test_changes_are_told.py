"""Changes of state of every plugin are told as events, so that webhooks, hooks and extension scripts hear of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from tests.plugins.billing.conftest import World
from trunkline.auth import operations as users
from trunkline.auth.schemas import EditUser
from trunkline.events.models import OutboxEvent
from trunkline.interactions import operations as interactions
from trunkline.interactions.schemas import RecordInteraction
from trunkline.operation import Context
from trunkline.settings import operations as settings
from trunkline.testing import create_user
from trunkline_billing import operations as billing
from trunkline_billing.operations.crediting import give_credit
from trunkline_billing.schemas import GiveCredit, VoidInvoice
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import SetPrice, UpdateProduct
from trunkline_inventory import operations as stock
from trunkline_inventory import queries as items
from trunkline_inventory.schemas import AddItem, ChangeState

pytestmark = [pytest.mark.plugins("inventory", "catalog", "billing"), pytest.mark.both_databases]


def told(world: World, do: Callable[[Context], Any]) -> list[tuple[str, dict[str, Any]]]:
    """Names and facts of the events that `do` leaves, in order."""
    with world.app.unit_of_work() as ctx:
        before = (
            ctx.session.scalars(select(col(OutboxEvent.id)).order_by(col(OutboxEvent.id).desc())).first() or 0
        )
        do(ctx)
        ctx.session.flush()
        later = select(OutboxEvent).where(col(OutboxEvent.id) > before).order_by(col(OutboxEvent.id))
        return [(event.name, event.payload) for event in ctx.session.scalars(later)]


def only(events: list[tuple[str, dict[str, Any]]], name: str) -> dict[str, Any]:
    assert [one for one, _facts in events] == [name]
    return events[0][1]


def test_a_products_life_is_told(world: World) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    price = SetPrice(setup_price=Decimal(0), monthly_price=Decimal("59.90"), effective_from=later)
    renamed = told(
        world, lambda ctx: catalog.update_product(ctx, "mobile_10", UpdateProduct(name="Mobile", version=1))
    )
    assert only(renamed, "product.changed")["fields"] == ["name"]
    keys: list[int] = []
    priced = only(
        told(world, lambda ctx: keys.append(catalog.set_price(ctx, "mobile_10", price).id)),
        "product.price_changed",
    )
    assert (priced["code"], priced["effective_from"]) == ("mobile_10", "2026-12-01T00:00:00Z")
    withdrawn = told(world, lambda ctx: catalog.withdraw_price(ctx, "mobile_10", keys[0]))
    assert only(withdrawn, "product.price_changed")["withdrawn"]
    only(told(world, lambda ctx: catalog.retire_product(ctx, "mobile_10")), "product.retired")
    only(told(world, lambda ctx: catalog.reinstate_product(ctx, "mobile_10")), "product.reinstated")


def test_items_are_told_of_together(world: World) -> None:
    numbers = [{"number": f"+5511991300{n:03d}"} for n in range(3)]
    added = only(told(world, lambda ctx: stock.add_items(ctx, "number", numbers)), "inventory_items.added")
    assert (added["template"], added["count"]) == ("number", 3)
    one = AddItem(template="number", values={"number": "+5511991300999"})
    assert only(told(world, lambda ctx: stock.add_item(ctx, one)), "inventory_items.added")["count"] == 1
    with world.app.reading() as ctx:
        item = items.item(ctx, added["number"])
    faulty = ChangeState(state="faulty", note="Broken")
    changed = told(world, lambda ctx: stock.change_state(ctx, [item.id], faulty))
    assert only(changed, "inventory_items.changed") | {"entity_id": item.id} == {
        "entity_id": item.id,
        "customer_id": None,
        "what": "state",
        "count": 1,
        "numbers": [item.number],
    }


def test_credits_and_void_invoices_are_told(world: World) -> None:
    command = GiveCredit(amount=Decimal(10), reason="Slow line", key="once")
    given = only(told(world, lambda ctx: give_credit(ctx, "A000001", command)), "credit.given")
    assert (given["amount_micros"], given["currency"]) == (10_000_000, "BRL")
    assert told(world, lambda ctx: give_credit(ctx, "A000001", command)) == [], "the same credit"
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        billing.run_billing(ctx, "2026-10")
    void = told(world, lambda ctx: billing.void_invoice(ctx, "F00000001", VoidInvoice(reason="Wrong")))
    assert only(void, "invoice.voided")["number"] == "F00000001"


def test_people_settings_and_contacts_are_told_without_what_is_nobodys_business(world: World) -> None:
    user = create_user(world.app, "bruno@example.com", "customer_care")
    edited = EditUser(name="Bruno", language="fr", roles=["customer_care"], version=1)
    steps: dict[str, Callable[[Context], Any]] = {
        "user.changed": lambda ctx: users.edit_user(ctx, user, edited),
        "user.disabled": lambda ctx: users.disable_user(ctx, user),
        "user.enabled": lambda ctx: users.enable_user(ctx, user),
    }
    for name, do in steps.items():
        assert only(told(world, do), name)["email"] == "bruno@example.com"
    saved = told(world, lambda ctx: settings.save(ctx, "core", {"staff_idle_minutes": 45}))
    facts = only(saved, "settings.changed")
    assert (facts["owner"], facts["names"]) == ("core", ["staff_idle_minutes"])
    assert "45" not in str(facts)
    assert told(world, lambda ctx: settings.save(ctx, "core", {"staff_idle_minutes": 45})) == []
    said = RecordInteraction.model_validate({"subject": "Slow", "text": "Since Monday", "tell": False})
    spoken = only(told(world, lambda ctx: interactions.record(ctx, "C000001", said)), "interaction.recorded")
    assert (spoken["number"][:8], spoken["told_by"]) == ("20261005", "")
    assert "Monday" not in str(spoken)
