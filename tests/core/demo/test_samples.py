"""The sample files: true prefixes, valid numbers, nothing twice."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import phonenumbers
from stdnum import luhn

from trunkline.demo.deck import rate_deck
from trunkline.demo.samples import write_samples
from trunkline.demo.stock import fixed_numbers, mobile_numbers, sims
from trunkline.demo.usage import UsingService, month_of_use


def test_the_deck_has_five_thousand_prefixes_and_none_twice() -> None:
    rows = list(rate_deck("2026-01-01"))
    prefixes = Counter(row["prefix"] for row in rows)
    assert len(prefixes) >= 5000
    assert prefixes.most_common(1)[0][1] == 1
    assert all(Decimal(row["rate"]) > 0 for row in rows)


def test_the_deck_tells_countries_of_a_shared_code_apart() -> None:
    by_prefix = {row["prefix"]: row["destination"] for row in rate_deck("2026-01-01")}
    assert by_prefix["124235"] == "Bahamas, mobile"
    assert by_prefix["1"] == "United States"
    assert by_prefix["5551"] == "Brazil"
    assert by_prefix["55519"] == "Brazil, mobile"


def test_every_sim_has_a_valid_card_number_and_its_own_keys() -> None:
    cards = list(sims(1, 200))
    assert all(luhn.is_valid(card["iccid"]) and len(card["iccid"]) == 19 for card in cards)
    assert all(len(card["imsi"]) == 15 and len(card["ki"]) == len(card["opc"]) == 32 for card in cards)
    for field in ("iccid", "imsi", "ki", "opc"):
        assert len({card[field] for card in cards}) == len(cards)


def test_stock_numbers_are_valid_and_differ() -> None:
    numbers = [row["number"] for row in (*mobile_numbers(2000), *fixed_numbers(300))]
    assert len(set(numbers)) == 2300
    for number in numbers:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number


def test_a_month_of_use_lies_in_the_month_and_moves_about_what_was_asked() -> None:
    begins, ends = datetime(2026, 3, 1, 3, tzinfo=UTC), datetime(2026, 4, 1, 3, tzinfo=UTC)
    service = UsingService("+5551997000000", calls=40, messages=10, gigabytes=8)
    rows = list(month_of_use(service, begins, ends, Random("x"), key="k"))
    assert len({row["source_key"] for row in rows}) == len(rows)
    assert all(begins <= datetime.fromisoformat(row["start"]) < ends for row in rows)
    volume = sum(int(row["quantity"]) for row in rows if row["unit"] == "B")
    assert 4 * 10**9 < volume < 13 * 10**9


def test_sample_files_are_the_same_each_time(tmp_path: Path) -> None:
    write_samples(tmp_path / "one", size=5)
    write_samples(tmp_path / "two", size=5)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["customers.csv", "numbers.csv", "sims.csv", "tariff.csv", "usage.csv"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
