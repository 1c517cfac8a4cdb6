"""Ki and its like are sealed at rest and shown to nobody by accident."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import text

from trunkline.app import App
from trunkline.errors import Forbidden
from trunkline.testing import actor_with
from trunkline_inventory import operations, queries

pytestmark = pytest.mark.plugins("inventory")

MakeSim = Callable[[int], dict[str, str]]
Stocked = Callable[[int], Sequence[str]]


def test_no_table_holds_a_secret_in_clear(app: App, stocked: Stocked, make_sim: MakeSim) -> None:
    stocked(1)
    with app.unit_of_work() as ctx:
        operations.reveal(ctx, "I000001")
    ki = make_sim(1)["ki"]
    with app.reading() as ctx:
        tables = ctx.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        everything = "".join(
            str(row)
            for table in tables
            for row in ctx.session.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608 — tables of the test
        )
    assert make_sim(1)["iccid"] in everything
    assert ki not in everything


def test_a_sealed_value_opens_only_for_its_own_item(app: App, stocked: Stocked) -> None:
    from trunkline.errors import ConfigError
    from trunkline_inventory.models import InventoryItem

    stocked(2)
    with app.unit_of_work() as ctx:
        first, second = ctx.session.get_one(InventoryItem, 1), ctx.session.get_one(InventoryItem, 2)
        second.secrets = dict(first.secrets)
    with pytest.raises(ConfigError, match="does not open"), app.reading() as ctx:
        queries.secrets_of(ctx, 2)


def test_revealing_needs_its_permission(app: App, stocked: Stocked, make_sim: MakeSim) -> None:
    stocked(1)
    with (
        pytest.raises(Forbidden, match=r"inventory\.secret\.reveal"),
        app.unit_of_work(actor_with("inventory.item.view")) as ctx,
    ):
        operations.reveal(ctx, "I000001")
    with app.unit_of_work(actor_with("inventory.secret.reveal")) as ctx:
        assert operations.reveal(ctx, "I000001")["ki"] == make_sim(1)["ki"]


def test_revealing_leaves_an_activity_entry_that_names_the_item(app: App, stocked: Stocked) -> None:
    from sqlmodel import select

    from trunkline.activity.models import ActivityEntry

    stocked(1)
    with app.unit_of_work(actor_with("inventory.secret.reveal", name="Nosy")) as ctx:
        operations.reveal(ctx, "I000001")
    with app.reading() as ctx:
        entries = ctx.session.scalars(select(ActivityEntry)).all()
    assert any(
        "I000001" in str(entry.model_dump()) and "Nosy" in str(entry.model_dump()) for entry in entries
    )
