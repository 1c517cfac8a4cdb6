"""SIM cards and numbers that are true in form."""

from collections.abc import Callable, Sequence

import pytest
from stdnum import luhn

from trunkline.app import App
from trunkline_inventory import operations


def sim(position: int) -> dict[str, str]:
    """The SIM with that position in an imaginary batch."""
    body = f"895599{position:012d}"
    return {
        "iccid": body + luhn.calc_check_digit(body),
        "imsi": f"72499{position:010d}",
        "ki": f"{position:032X}",
        "opc": f"{position + 7:032X}",
        "pin1": "1234",
        "puk1": "12345678",
    }


@pytest.fixture
def make_sim() -> Callable[[int], dict[str, str]]:
    return sim


@pytest.fixture
def stocked(app: App) -> Callable[[int], Sequence[str]]:
    """`stocked(3)` puts three SIMs on the shelf and gives their ICCIDs, oldest first."""

    def fill(count: int) -> Sequence[str]:
        rows = [sim(n) for n in range(1, count + 1)]
        with app.unit_of_work() as ctx:
            operations.add_items(ctx, "sim", rows)
        return [row["iccid"] for row in rows]

    return fill
