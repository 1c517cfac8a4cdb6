"""An A–Z rate deck with true prefixes: countries and their mobile ranges, from the metadata of phonenumbers.

The prices are the sample operator's own invention.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

COLUMNS = (
    "prefix",
    "destination",
    "connect_fee",
    "rate",
    "rate_unit",
    "increment",
    "interval_start",
    "effective_from",
)
#: How many digits of a mobile range are kept; longer ones fall into one prefix.
_PREFIX_DIGITS = 6
_HOME, _HOME_CODE = "BR", 55
#: Price per minute of a fixed line and of a mobile one, by nearness; the last one is everywhere else.
_HOME_PRICE = (Decimal("0.08"), Decimal("0.29"))
_NEAR = {"AR", "PY", "UY", "CL", "BO", "PE", "CO", "US", "CA", "PT", "ES", "IT", "DE", "FR", "GB", "JP"}
_NEAR_PRICE = (Decimal("0.45"), Decimal("0.95"))
_BANDS = (
    (Decimal("0.90"), Decimal("1.40")),
    (Decimal("1.35"), Decimal("1.90")),
    (Decimal("2.10"), Decimal("2.80")),
    (Decimal("3.60"), Decimal("4.20")),
)
#: What is charged by the message and by the byte: prefix, name, price, unit, step.
_OTHER = (("sms", "Text messages", "0.12", "1", "1"), ("data", "Mobile data", "0.05", "1000000", "1000"))
_SATELLITE = (Decimal("12.00"), Decimal("12.00"))


def rate_deck(effective_from: str) -> Iterator[dict[str, str]]:
    """Rows of the deck, about twelve thousand, each prefix once; `effective_from` is an ISO date."""
    from babel import Locale

    names = Locale.parse("en").territories
    for prefix, destination, rate, unit, step in _OTHER:
        yield _row(prefix, destination, Decimal(rate), unit, step, effective_from)
    for prefix, (region, kind) in sorted(_prefixes().items()):
        country = "Satellite and global services" if region == "001" else str(names.get(region, region))
        fixed, mobile = _prices(region)
        price = mobile if kind == "mobile" else fixed
        name = f"{country}, mobile" if kind == "mobile" else country
        # Calls at home count in tenths of a minute, calls abroad in whole ones.
        yield _row(prefix, name, price, "60", "6" if region == _HOME else "60", effective_from)


def _row(prefix: str, destination: str, rate: Decimal, unit: str, step: str, since: str) -> dict[str, str]:
    return {
        "prefix": prefix,
        "destination": destination,
        "connect_fee": "0",
        "rate": str(rate),
        "rate_unit": unit,
        "increment": step,
        "interval_start": "0",
        "effective_from": since,
    }


def _prices(region: str) -> tuple[Decimal, Decimal]:
    if region == _HOME:
        return _HOME_PRICE
    if region == "001":
        return _SATELLITE
    return _NEAR_PRICE if region in _NEAR else _BANDS[sum(region.encode()) % len(_BANDS)]


def _prefixes() -> dict[str, tuple[str, str]]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
    from phonenumbers.carrierdata import CARRIER_DATA

    found = {str(code): (regions[0], "fixed") for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
    shared = {str(code): _telling(regions) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
    for area in range(11, 100):
        if area % 10:
            found[f"{_HOME_CODE}{area}"] = (_HOME, "fixed")
            found[f"{_HOME_CODE}{area}9"] = (_HOME, "mobile")
    for number in CARRIER_DATA:
        code = next(number[:digits] for digits in (1, 2, 3) if number[:digits] in shared)
        if code == str(_HOME_CODE):
            continue
        prefix = number[:_PREFIX_DIGITS]
        found.setdefault(prefix, (_region(number[len(code) :], shared[code], found[code][0]), "mobile"))
    return found


def _telling(regions: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """What tells the countries of a shared code apart: the first digits of their national numbers."""
    from phonenumbers import PhoneMetadata

    if len(regions) == 1:
        return []
    told = []
    for region in regions:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is not None and metadata.leading_digits is not None:
            told.append((re.compile(metadata.leading_digits), region))
    return told


def _region(national: str, telling: list[tuple[re.Pattern[str], str]], main: str) -> str:
    return next((region for pattern, region in telling if pattern.match(national)), main)
