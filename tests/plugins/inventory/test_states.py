"""Whatever happens in whatever order: an item has a holder exactly while it is held or assigned, and history is whole."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stdnum import luhn

from trunkline.app import App
from trunkline.config import Config
from trunkline.errors import Refused
from trunkline.jobs.wake import Silent
from trunkline.setup import prepare
from trunkline_inventory import operations, queries
from trunkline_inventory.schemas import ChangeState, Holder, ItemState

pytestmark = pytest.mark.plugins("inventory")
_HOLDERS = st.integers(1, 3)
_ITEMS = 4


def _config(data: Path) -> Config:
    return Config(data=data, plugins=("inventory",), strict_plugins=True)


class Shelf(RuleBasedStateMachine):
    """Orders and keepers act on four SIM cards; `model` says who should hold which."""

    #: A migrated database without a card; each machine works on a copy.
    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.model: dict[int, tuple[ItemState, int | None]] = {}
        self.turn = 0

    @initialize()
    def stock_up(self) -> None:
        data = Path(self.folder.name)
        shutil.copyfile(self.empty, data / "trunkline.db")
        self.app = App.start(_config(data), waker=Silent())
        rows = []
        for n in range(1, _ITEMS + 1):
            body = f"895599{n:012d}"
            rows.append(
                {
                    "iccid": body + luhn.calc_check_digit(body),
                    "imsi": f"72499{n:010d}",
                    "ki": "A" * 32,
                    "opc": "B" * 32,
                }
            )
        with self.app.unit_of_work() as ctx:
            operations.add_items(ctx, "sim", rows)
        self.model = dict.fromkeys(range(1, _ITEMS + 1), (ItemState.AVAILABLE, None))

    def holder(self, number: int) -> Holder:
        return Holder("service", number, None, f"S{number:06d}")

    @rule(number=_HOLDERS)
    def hold_any(self, number: int) -> None:
        self.turn += 1
        free = [key for key, (state, _by) in self.model.items() if state is ItemState.AVAILABLE]
        with self.app.unit_of_work() as ctx:
            try:
                item = operations.hold(
                    ctx, template="sim", holder=self.holder(number), key=f"turn {self.turn}"
                )
            except Refused:
                assert not free
                return
        assert item.id == min(free)
        self.model[item.id] = (ItemState.HELD, number)

    @rule(number=_HOLDERS, item=st.integers(1, _ITEMS))
    def hold_one(self, number: int, item: int) -> None:
        self.turn += 1
        with self.app.unit_of_work() as ctx:
            try:
                operations.hold(
                    ctx,
                    template="sim",
                    holder=self.holder(number),
                    key=f"turn {self.turn}",
                    item_number=f"I{item:06d}",
                )
            except Refused:
                assert self.model[item][0] is not ItemState.AVAILABLE
                return
        assert self.model[item][0] is ItemState.AVAILABLE
        self.model[item] = (ItemState.HELD, number)

    @rule(number=_HOLDERS)
    def assign(self, number: int) -> None:
        with self.app.unit_of_work() as ctx:
            operations.assign(ctx, holder=self.holder(number))
        for key, (state, by) in self.model.items():
            if by == number and state is ItemState.HELD:
                self.model[key] = (ItemState.ASSIGNED, number)

    @rule(number=_HOLDERS, quarantine=st.booleans())
    def free(self, number: int, quarantine: bool) -> None:
        with self.app.unit_of_work() as ctx:
            operations.free(ctx, holder=self.holder(number), quarantine=quarantine)
        becomes = ItemState.QUARANTINE if quarantine else ItemState.AVAILABLE
        for key, (_state, by) in self.model.items():
            if by == number:
                self.model[key] = (becomes, None)

    @rule(first=_HOLDERS, second=_HOLDERS)
    def hand_over(self, first: int, second: int) -> None:
        with self.app.unit_of_work() as ctx:
            operations.rehold(ctx, self.holder(first), self.holder(second))
        for key, (state, by) in self.model.items():
            if by == first:
                self.model[key] = (state, second)

    @rule(item=st.integers(1, _ITEMS), state=st.sampled_from(["available", "faulty", "quarantine"]))
    def set_state(self, item: int, state: str) -> None:
        with self.app.unit_of_work() as ctx:
            try:
                operations.change_state(ctx, [item], ChangeState.model_validate({"state": state}))
            except Refused:
                assert self.model[item][1] is not None
                return
        assert self.model[item][1] is None
        self.model[item] = (ItemState(state), None)

    @invariant()
    def the_shelf_is_as_the_model_says(self) -> None:
        if not self.model:
            return
        with self.app.reading() as ctx:
            for key, view in queries.items_by_id(ctx, self.model).items():
                assert (view.state, view.holder_id) == self.model[key]
                assert view.state.has_holder == bool(view.holder_kind)
                assert queries.movements(ctx, key)[0].to_state == view.state

    def teardown(self) -> None:
        if self.model:
            self.app.close()
        self.folder.cleanup()


Shelf.TestCase.settings = settings(
    max_examples=12, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
)
TestShelf = Shelf.TestCase


@pytest.fixture(scope="module", autouse=True)
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("shelf")
    app = App.start(_config(data), waker=Silent())
    prepare(app)
    app.close()
    Shelf.empty = data / "trunkline.db"
