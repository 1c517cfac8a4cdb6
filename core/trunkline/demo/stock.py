"""SIM cards and telephone numbers of the sample operator, as the files that its suppliers send."""

from collections.abc import Iterator
from random import Random

from stdnum import luhn

from trunkline.demo.places import CITIES

SIM_COLUMNS = ("iccid", "imsi", "msisdn", "ki", "opc", "pin1", "puk1")
NUMBER_COLUMNS = ("number", "route", "class")
#: Brazil's country code with a network code that nobody has been given (ITU-T E.212).
_NETWORK = "72499"
#: Issuer identifier: telecommunications, Brazil, and an issuer that nobody is (ITU-T E.118).
_ISSUER = "895599"


def _hexadecimal(random: Random, digits: int) -> str:
    return f"{random.getrandbits(4 * digits):0{digits}X}"


def sims(seed: int, count: int, *, first: int = 1) -> Iterator[dict[str, str]]:
    """`count` SIMs numbered from `first`. The keys are drawn from the seed: they protect nothing but samples."""
    for position in range(first, first + count):
        random = Random(f"{seed}:sim:{position}")  # noqa: S311 — sample data, no secret
        body = f"{_ISSUER}{position:012d}"
        yield {
            "iccid": body + luhn.calc_check_digit(body),
            "imsi": f"{_NETWORK}{position:010d}",
            "msisdn": "",
            "ki": _hexadecimal(random, 32),
            "opc": _hexadecimal(random, 32),
            "pin1": f"{random.randrange(10_000):04d}",
            "puk1": f"{random.randrange(100_000_000):08d}",
        }


def mobile_numbers(count: int, *, first: int = 0) -> Iterator[dict[str, str]]:
    """`count` mobile numbers, spread over the area codes of the operator's cities."""
    areas = sorted({city.area_code for city in CITIES})
    for position in range(first, first + count):
        turn, area = divmod(position, len(areas))
        yield {"number": f"+55{areas[area]}9970{turn:05d}", "route": "core", "class": "mobile"}


def fixed_numbers(count: int, *, first: int = 0) -> Iterator[dict[str, str]]:
    """`count` fixed-line numbers, spread likewise."""
    areas = sorted({city.area_code for city in CITIES})
    for position in range(first, first + count):
        turn, area = divmod(position, len(areas))
        yield {"number": f"+55{areas[area]}3500{turn:04d}", "route": "core", "class": "geographic"}
