"""Months and penalties are exact for any dates and amounts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trunkline.contracts.dates import (
    add_months,
    last_day,
    months_in_force,
    next_yearly,
    remaining_months,
)
from trunkline.contracts.models import PenaltyKind
from trunkline.contracts.penalty import PenaltyTerms, penalty_minor

days = some.dates(date(2000, 1, 1), date(2060, 12, 31))
terms = some.integers(1, 120)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2026, 1, 31), 12, date(2027, 1, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2026, 3, 1), 1, date(2026, 3, 31)),
    ],
)
def test_a_term_ends_on_the_day_before_the_same_day_or_the_months_last(
    start: date, months: int, end: date
) -> None:
    assert last_day(start, months) == end


@given(days, terms)
def test_months_of_a_term_follow_each_other_without_gap_or_overlap(start: date, months: int) -> None:
    assert last_day(start, months) + timedelta(days=1) == add_months(start, months)
    assert last_day(start, months) < last_day(start, months + 1)


@given(days, terms, days)
def test_months_that_remain_are_never_negative_nor_more_than_the_term(
    start: date, months: int, until: date
) -> None:
    remaining = remaining_months(start, months, until)
    assert 0 <= remaining <= months
    # They fit into the days that are left.
    assert until >= start or remaining == months
    if until >= start and remaining:
        assert add_months(start, months - remaining) > until


@given(days, terms)
def test_no_month_remains_on_the_last_day_and_none_has_begun_before_the_first(
    start: date, months: int
) -> None:
    assert remaining_months(start, months, last_day(start, months)) == 0
    assert months_in_force(start, start - timedelta(days=1)) == 0
    assert months_in_force(start, start) == 1


@given(days, terms, days)
def test_a_day_later_leaves_as_many_months_or_one_less(start: date, months: int, until: date) -> None:
    before = remaining_months(start, months, until)
    assert before - remaining_months(start, months, until + timedelta(days=1)) in (0, 1)


@given(days, days)
def test_the_next_indexation_lies_ahead_by_at_most_a_year(day: date, after: date) -> None:
    found = next_yearly(day, after)
    assert found > after
    assert found == day or add_months(found, -12) <= after


@given(
    some.sampled_from(list(PenaltyKind)),
    some.integers(0, 10**9),
    some.integers(0, 10_000),
    some.integers(0, 600),
    some.integers(0, 10**9),
)
def test_a_penalty_is_never_more_than_the_remaining_months_cost(
    kind: PenaltyKind, minor: int, share: int, months: int, monthly: int
) -> None:
    penalty = penalty_minor(PenaltyTerms(kind, minor, share), months, monthly)
    assert 0 <= penalty <= months * monthly


def test_what_each_kind_of_penalty_costs() -> None:
    assert penalty_minor(PenaltyTerms(PenaltyKind.FIXED, 30_000), 5, 9_990) == 30_000
    assert penalty_minor(PenaltyTerms(PenaltyKind.PER_MONTH, 1_050), 5, 9_990) == 5_250
    assert penalty_minor(PenaltyTerms(PenaltyKind.SHARE, 0, 3_000), 5, 9_990) == 14_985
    assert penalty_minor(PenaltyTerms(PenaltyKind.FIXED, 90_000), 5, 9_990) == 49_950
    # Nobody knows what the services cost: amounts count as agreed, a share has nothing to be one of.
    assert penalty_minor(PenaltyTerms(PenaltyKind.FIXED, 30_000), 5, None) == 30_000
    assert penalty_minor(PenaltyTerms(PenaltyKind.SHARE, 0, 3_000), 5, None) == 0
    assert penalty_minor(PenaltyTerms(PenaltyKind.FIXED, 30_000), 0, 9_990) == 0
