"""Nothing is ever held twice."""

import threading
from collections.abc import Callable, Sequence

import pytest

from trunkline.app import App
from trunkline.errors import Refused
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import Holder, ItemState

pytestmark = [pytest.mark.plugins("inventory"), pytest.mark.both_databases]

Stocked = Callable[[int], Sequence[str]]


def line(number: int) -> Holder:
    return Holder("order_line", number, None, f"O{number:06d}/1")


def hold(app: App, number: int, item: str | None = None) -> str:
    with app.unit_of_work() as ctx:
        return operations.hold(
            ctx, template="sim", holder=line(number), key=f"k{number}", item_number=item
        ).label


def test_the_oldest_free_item_is_picked_first(app: App, stocked: Stocked) -> None:
    iccids = stocked(3)
    assert [hold(app, 1), hold(app, 2)] == list(iccids[:2])


def test_the_same_key_gives_the_same_item(app: App, stocked: Stocked) -> None:
    stocked(3)
    assert hold(app, 1) == hold(app, 1)
    with app.reading() as ctx:
        assert queries.counts(ctx)["sim"] == {"held": 1, "available": 2}


def test_a_taken_item_is_refused_by_name_with_its_holder(app: App, stocked: Stocked) -> None:
    stocked(2)
    hold(app, 1, "I000001")
    with pytest.raises(Refused, match="O000001/1") as refusal:
        hold(app, 2, "I000001")
    assert refusal.value.field == "picks.sim"


def test_an_empty_shelf_is_refused(app: App, stocked: Stocked) -> None:
    stocked(1)
    hold(app, 1)
    with pytest.raises(Refused, match="No SIM card is free"):
        hold(app, 2)


def test_an_item_of_another_kind_is_refused(app: App, stocked: Stocked) -> None:
    stocked(1)
    with app.unit_of_work() as ctx:
        operations.add_items(ctx, "number", [{"number": "+5551991234567"}])
    with pytest.raises(Refused, match="number"):
        hold(app, 1, "I000002")


def test_many_who_pick_at_once_get_different_items_and_the_last_ones_none(app: App, stocked: Stocked) -> None:
    stocked(12)
    got: list[str] = []
    refused: list[Refused] = []
    start = threading.Barrier(16)

    def pick(number: int) -> None:
        start.wait()
        try:
            got.append(hold(app, number))
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=pick, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 12
    assert len(refused) == 4


def test_of_many_who_want_one_item_exactly_one_gets_it(app: App, stocked: Stocked) -> None:
    stocked(3)
    got: list[int] = []
    start = threading.Barrier(8)

    def pick(number: int) -> None:
        start.wait()
        try:
            hold(app, number, "I000002")
            got.append(number)
        except Refused:
            pass

    threads = [threading.Thread(target=pick, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    with app.reading() as ctx:
        held = queries.item(ctx, "I000002")
    assert held.holder_id == got[0]


def test_assigning_and_handing_over_keep_the_item_and_write_its_history(app: App, stocked: Stocked) -> None:
    stocked(1)
    hold(app, 1)
    service = Holder("service", 9, None, "S000009")
    with app.unit_of_work() as ctx:
        operations.rehold(ctx, line(1), service)
        operations.assign(ctx, holder=service)
    with app.reading() as ctx:
        item = queries.item(ctx, "I000001")
        actions = [movement.action for movement in queries.movements(ctx, item.id)]
    assert (item.state, item.holder_label) == (ItemState.ASSIGNED, "S000009")
    assert actions == ["assigned", "handed_over", "held", "added"]


@pytest.mark.parametrize(("quarantine", "becomes"), [(False, "available"), (True, "quarantine")])
def test_freeing_gives_back_once_and_absence_is_fine(
    app: App, stocked: Stocked, quarantine: bool, becomes: str
) -> None:
    stocked(1)
    hold(app, 1)
    with app.unit_of_work() as ctx:
        first = operations.free(ctx, holder=line(1), quarantine=quarantine)
        again = operations.free(ctx, holder=line(1), quarantine=quarantine)
    assert ([item.state.value for item in first], again) == ([becomes], [])


def test_movements_cannot_be_rewritten(app: App, stocked: Stocked) -> None:
    from trunkline_inventory.models import InventoryMovement

    stocked(1)
    with app.unit_of_work() as ctx:
        ctx.session.get_one(InventoryMovement, 1).note = "forged"
        with pytest.raises(RuntimeError, match="never changed"):
            ctx.session.flush()
        ctx.session.rollback()
