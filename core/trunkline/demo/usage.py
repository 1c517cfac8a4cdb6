"""Believable use of the sample operator's services: calls, messages and data sessions, as its switches write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

COLUMNS = (
    "source_key",
    "type",
    "identifier",
    "direction",
    "caller",
    "callee",
    "origin_area",
    "start",
    "quantity",
    "unit",
    "carrier",
    "cell",
)
_GIGABYTE = 10**9
#: Where the calls abroad go: neighbours, relatives' countries, tourists'.
_ABROAD = (
    "5491143210000",
    "59829000000",
    "595981200300",
    "351912345678",
    "3903512345",
    "4915123456789",
    "12025550142",
)


@dataclass(frozen=True)
class UsingService:
    """A service that is used. `gigabytes` is what it moves in a month, 0 for a line that only speaks."""

    msisdn: str
    calls: int
    messages: int
    gigabytes: float


def month_of_use(
    service: UsingService, begins: datetime, ends: datetime, random: Random, *, key: str
) -> Iterator[dict[str, str]]:
    """Rows of the usage file for one service from `begins` to `ends`, in no order; `key` makes their keys unique."""
    length = (ends - begins).total_seconds()
    area = service.msisdn[3:5]
    cell = f"724-99-{4000 + int(area)}-{random.randrange(1, 40)}"
    count = 0

    def row(kind: str, callee: str, quantity: int, unit: str) -> dict[str, str]:
        nonlocal count
        count += 1
        start = begins + timedelta(seconds=int(_waking(random) * length))
        return {
            "source_key": f"{key}-{count}",
            "type": kind,
            "identifier": service.msisdn,
            "direction": "out",
            "caller": service.msisdn,
            "callee": callee,
            "origin_area": area,
            "start": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "quantity": str(quantity),
            "unit": unit,
            "carrier": "",
            "cell": cell,
        }

    share = length / (30 * 86400)
    for _ in range(_about(random, service.calls * share)):
        yield row("voice", _callee(random, area), max(4, int(random.lognormvariate(4.6, 0.9))), "s")
    for _ in range(_about(random, service.messages * share)):
        yield row("sms", f"+55{area}99{random.randrange(1_000_000, 9_999_999)}", 1, "messages")
    if service.gigabytes:
        sessions = _about(random, 9 * share)
        for _ in range(sessions):
            volume = service.gigabytes * share / sessions * random.uniform(0.4, 1.6)
            yield row("data", "internet", int(volume * _GIGABYTE), "B")


def _about(random: Random, expected: float) -> int:
    return round(expected * random.uniform(0.6, 1.4))


def _waking(random: Random) -> float:
    """A moment of the month as a share of it; few of them at night."""
    day, hour = random.random(), random.triangular(6, 24, 18)
    return min(0.999999, max(0.0, (int(day * 30) + hour / 24) / 30))


def _callee(random: Random, area: str) -> str:
    chance = random.random()
    if chance < 0.03:
        return f"+{random.choice(_ABROAD)}"
    if chance < 0.35:
        return f"+55{area}3{random.randrange(200_0000, 599_9999)}"
    other = area if chance < 0.85 else random.choice(("11", "21", "31", "41", "48", "51"))
    return f"+55{other}99{random.randrange(1_000_000, 9_999_999)}"
