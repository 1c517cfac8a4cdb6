"""Rating by hand-made vectors and by properties."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_billing.rating.compiled import CompiledTariff, RateRow, flatten
from trunkline_billing.rating.pricing import Price, Tier

NANO = 10**9


def price(*tiers: Tier) -> Price:
    return Price("55", "Brazil", tiers)


@pytest.mark.parametrize(
    ("tiers", "quantity", "micros"),
    [
        # 0.12 a minute by 6 s: 45 s are 8 steps of 6 s, 0.096.
        ([Tier(0, 120_000_000, 60, 6)], 45, 96_000),
        ([Tier(0, 120_000_000, 60, 6)], 60, 120_000),
        ([Tier(0, 120_000_000, 60, 6)], 61, 132_000),
        # Whole minutes with a connect fee.
        ([Tier(0, 600_000_000, 60, 60, 100_000_000)], 1, 700_000),
        ([Tier(0, 600_000_000, 60, 60, 100_000_000)], 90, 1_300_000),
        # Nothing used costs nothing, not even the connect fee.
        ([Tier(0, 600_000_000, 60, 60, 100_000_000)], 0, 0),
        # First minute whole, then by the second: 60 s at 0.60 and 30 s at 0.30 a minute.
        ([Tier(0, 600_000_000, 60, 60), Tier(60, 300_000_000, 60, 1)], 90, 750_000),
        # What the step of the first tier overshoots is not charged again in the second: 50 s count as 60.
        ([Tier(0, 600_000_000, 60, 30), Tier(50, 600_000_000, 60, 1)], 60, 600_000),
        # A third of a micro-unit is rounded half up once per use, not once per second: 10 x 1/3.
        ([Tier(0, 1_000, 3, 1)], 10, 3),
        ([Tier(0, 500, 1, 1)], 1, 1),
        # 20 MB at 0.05 a megabyte.
        ([Tier(0, 50_000_000, 10**6, 10**6)], 20 * 10**6, 1_000_000),
        ([Tier(0, 50_000_000, 10**6, 10**6)], 1, 50_000),
    ],
)
def test_a_use_costs_what_was_reckoned_by_hand(tiers: list[Tier], quantity: int, micros: int) -> None:
    assert price(*tiers).cost(quantity) == micros


tier = st.builds(
    Tier,
    st.just(0),
    st.integers(0, 5 * NANO),
    st.sampled_from([1, 3, 60, 1000]),
    st.integers(1, 120),
    st.integers(0, NANO),
)


@given(
    st.lists(st.tuples(tier, st.integers(1, 600)), min_size=1, max_size=4),
    st.integers(0, 5_000),
    st.integers(0, 5_000),
)
def test_more_use_never_costs_less(drawn: list[tuple[Tier, int]], one: int, other: int) -> None:
    start, tiers = 0, []
    for drawn_tier, length in drawn:
        tiers.append(
            Tier(
                start,
                drawn_tier.rate_nanos,
                drawn_tier.rate_unit,
                drawn_tier.increment,
                drawn_tier.connect_fee_nanos,
            )
        )
        start += length
    found = price(*tiers)
    assert found.cost(min(one, other)) <= found.cost(max(one, other))
    assert sum(part.charged for part in found.parts(one)) >= one


@given(
    st.sets(st.text("0123456789", min_size=0, max_size=6), min_size=1, max_size=40),
    st.text("0123456789", min_size=1, max_size=12),
)
def test_the_compiled_table_finds_the_longest_prefix(prefixes: set[str], number: str) -> None:
    table = flatten(Price(prefix, prefix, (Tier(0, 1, 1, 1),)) for prefix in prefixes)
    expected = max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None)
    found = table.find(number)
    assert (found.prefix if found else None) == expected


def test_a_rate_holds_from_its_date_and_the_shorter_prefix_before_it() -> None:
    def row(prefix: str, nanos: int, since: datetime) -> RateRow:
        return RateRow("voice", prefix, prefix, Tier(0, nanos, 1, 1), since)

    january, july = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    tariff = CompiledTariff(
        1, "retail", "BRL", 1, [row("55", 1000, january), row("5511", 2000, july), row("55", 3000, july)]
    )

    def cost(number: str, at: datetime) -> int | None:
        found = tariff.table("voice", at.timestamp()).find(number)
        return found.cost(1) if found else None

    assert cost("5511", datetime(2025, 12, 31, tzinfo=UTC)) is None
    assert cost("5511", datetime(2026, 6, 30, tzinfo=UTC)) == 1
    assert cost("5511", july) == 2
    assert cost("5521", july) == 3


def test_a_price_without_a_first_tier_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no tier that starts at 0"):
        price(Tier(60, 1, 1, 1))
