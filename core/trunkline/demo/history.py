"""The months that the sample operator lived through, and the customers who came in each."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from trunkline.demo.month import DemoMonth
from trunkline.demo.people import SampleCustomer, customers

#: Whole months before the current one.
PAST_MONTHS = 12
CUSTOMERS = 500
#: Share of the customers who were there from the first month on.
_FOUNDERS = 0.2


def month_edges(now: datetime, zone: ZoneInfo, past: int = PAST_MONTHS) -> list[datetime]:
    """First midnights of the past months and of the current one, in UTC, the oldest first; then `now`."""
    local = now.astimezone(zone)
    first = local.year * 12 + local.month - 1 - past
    edges = [
        datetime(m // 12, m % 12 + 1, 1, tzinfo=zone).astimezone(UTC) for m in range(first, first + past + 1)
    ]
    return [*edges, now]


def arrivals(month_count: int, scale: float, seed: int) -> Iterator[Sequence[SampleCustomer]]:
    """The new customers of each month: many in the first, the others spread evenly."""
    everybody = list(customers(seed, max(4, round(CUSTOMERS * scale))))
    founders = max(1, round(len(everybody) * _FOUNDERS))
    yield everybody[:founders]
    later = everybody[founders:]
    for number in range(1, month_count):
        begin, end = (len(later) * n // (month_count - 1) for n in (number - 1, number))
        yield later[begin:end]


def signing_times(month: DemoMonth, count: int) -> list[datetime]:
    """When the month's customers signed, in order; nobody signs in the month's last hours."""
    random: Random = month.random("signing")
    length = (month.ends - month.begins - timedelta(hours=3)).total_seconds()
    times = sorted(random.uniform(0, max(length, 60)) for _ in range(count))
    return [month.begins + timedelta(seconds=int(seconds)) for seconds in times]
