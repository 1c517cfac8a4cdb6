"""What a suspended service costs: nothing for whole days at the customer's request, unless its product says otherwise."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.billing.conftest import World
from trunkline.testing import work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.operations.suspended import credit_of
from trunkline_billing.periods import midnight, prorated, whole_days
from trunkline_billing.schemas import InvoiceView
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import (
    ResumeService,
    SuspendService,
    SuspensionReason,
    SuspensionTerms,
    UpdateProduct,
)

ZONES = ("America/Sao_Paulo", "Europe/Berlin", "Pacific/Auckland")
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@given(
    micros=st.integers(0, 10**15),
    days=st.integers(1, 31),
    suspended=st.integers(0, 31),
    percent=st.integers(0, 100),
)
def test_charge_and_credit_together_are_the_price_of_what_was_had(
    micros: int, days: int, suspended: int, percent: int
) -> None:
    suspended = min(suspended, days)
    credit = credit_of(micros, days, suspended, percent)
    assert 0 <= credit <= micros
    assert credit_of(micros, days, suspended, 100) == credit_of(micros, days, 0, percent) == 0
    assert credit_of(micros, days, days, 0) == micros
    assert micros - credit_of(micros, days, suspended, 0) == prorated(micros, days - suspended, days)
    # Within half a micro-unit of the exact fraction.
    assert abs((micros - credit) * days * 100 - micros * (days * 100 - suspended * (100 - percent))) * 2 <= (
        days * 100
    )


@given(
    edges=st.lists(st.integers(0, 70 * 96), min_size=2, max_size=12),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first=st.integers(0, 30),
    length=st.integers(0, 30),
)
def test_only_days_suspended_from_midnight_to_midnight_count(
    edges: list[int], zone: ZoneInfo, first: int, length: int
) -> None:
    moments = [BEGAN + timedelta(minutes=15 * edge) for edge in edges]
    spans = [(min(pair), max(pair)) for pair in pairwise(moments)]
    begin = date(2026, 3, 3) + timedelta(days=first)
    end = begin + timedelta(days=length)
    counted = whole_days(spans, begin, end, zone)
    for position in range(length + 1):
        day = begin + timedelta(days=position)
        moment, until = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        always = True
        while moment < until:
            always = always and any(start <= moment < stop for start, stop in spans)
            moment += timedelta(minutes=15)
        assert (day in counted) is always
    assert counted == sorted(set(counted))
    assert all(begin <= day <= end for day in counted)


def suspend(world: World, reason: SuspensionReason = SuspensionReason.REQUEST) -> None:
    with world.app.unit_of_work() as ctx:
        catalog.suspend_service(ctx, "S000001", SuspendService(reason=reason))
    work_until_idle(world.app)


def resume(world: World, reason: SuspensionReason = SuspensionReason.REQUEST) -> None:
    with world.app.unit_of_work() as ctx:
        catalog.resume_service(ctx, "S000001", ResumeService(reason=reason))
    work_until_idle(world.app)


def invoiced(world: World, period: str) -> InvoiceView:
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, period)
    with world.app.reading() as ctx:
        return queries.invoice(ctx, queries.invoices_of(ctx, 1)[0].number)


def lines(invoice: InvoiceView) -> list[tuple[str, int, str]]:
    return [(line.kind, line.quantity, str(line.net)) for line in invoice.lines]


@pytest.mark.both_databases
def test_days_suspended_at_the_customers_request_are_given_back_on_a_line_of_their_own(world: World) -> None:
    world.at(2026, 10, 10, 15)
    suspend(world)
    world.at(2026, 10, 21, 15)
    resume(world)
    world.at(2026, 11, 2, 9)
    october = invoiced(world, "2026-10")
    # Ten whole days, the 11th to the 20th: 49.90 x 10 / 31.
    assert lines(october)[:2] == [("monthly", 31, "49.90"), ("suspension", 10, "-16.10")]
    assert (str(october.lines[1].first_day), str(october.lines[1].last_day)) == ("2026-10-11", "2026-10-20")
    assert october.lines[1].description == "Mobile 10 GB, suspended"
    assert str(october.lines[1].tax) == "-2.74"
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        assert len(queries.invoices_of(ctx, 1)) == 1
        assert queries.invoice_pdf(ctx, october.number).startswith(b"%PDF")
        assert sum(line.balance.micros for line in queries.trial_balance(ctx)) == 0


def test_a_service_suspended_on_and_on_costs_nothing_until_it_works_again(world: World) -> None:
    world.at(2026, 9, 30, 15)
    suspend(world)
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-09")
        operations.run_billing(ctx, "2026-10")
        assert [view.period for view in queries.invoices_of(ctx, 1)] == ["2026-09"]
    resume(world)
    world.at(2026, 12, 1, 12)
    november = invoiced(world, "2026-11")
    assert [(kind, net) for kind, _days, net in lines(november)] == [
        ("monthly", "49.90"),
        ("suspension", "-49.90"),
        ("monthly", "49.90"),
        ("suspension", "-1.66"),
    ]


def test_a_product_may_keep_charging_a_share_and_other_reasons_are_charged_on(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        terms = SuspensionTerms(
            charged_percent=25, reasons=(SuspensionReason.REQUEST, SuspensionReason.FRAUD)
        )
        catalog.update_product(ctx, "mobile_10", UpdateProduct(suspension=terms))
    world.at(2026, 10, 10, 15)
    suspend(world, SuspensionReason.DEBT)
    world.at(2026, 10, 20, 15)
    suspend(world, SuspensionReason.FRAUD)
    world.at(2026, 11, 2, 9)
    # Eleven whole days, the 21st to the 31st, at a quarter; those of debt alone cost all: 49.90 x 11 x 0.75 / 31.
    assert lines(invoiced(world, "2026-10"))[:2] == [("monthly", 31, "49.90"), ("suspension", 11, "-13.28")]
