"""The parameters of a list's address, and how its counts are written."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from trunkline.i18n import format_number

#: Files of more rows than this are written by a worker.
LONG = 5_000
_LARGEST = Decimal(10) ** 12
#: Exact counts stop here; beyond it a list says "10,000+".
COUNT_LIMIT = 10_000


def pairs_of(params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Every parameter, repeated ones included."""
    many = getattr(params, "multi_items", None)
    return [(str(key), str(value)) for key, value in (many() if many else params.items()) if value != ""]


def values_of(params: Mapping[str, Any], key: str) -> list[str]:
    """All values of a parameter; a comma separates several in one."""
    many = getattr(params, "getlist", None)
    raw = many(key) if many else [params[key]] if key in params else []
    listed = [
        part
        for value in raw
        for part in (value if isinstance(value, list | tuple) else str(value).split(","))
    ]
    return [str(value).strip() for value in listed if str(value).strip()]


def typed_of(params: Mapping[str, Any], key: str) -> list[str]:
    """The one text typed for a parameter, commas and all; none when it is empty."""
    text = str(params.get(key, "")).strip()
    return [text] if text else []


def day_of(text: str) -> date | None:
    """The day of an ISO date, None when it is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def amount_of(text: str) -> Decimal | None:
    """The number that stands in an address (`1234.5`), None when it is none that a column could hold."""
    try:
        value = Decimal(text.strip()) if text.strip() else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value) < _LARGEST else None


def figure(count: int, most: int | None = None) -> str:
    """A count in words, `10,000+` where counting stopped: at `most`, or as lists do."""
    end = COUNT_LIMIT if most is None else most
    return f"{format_number(end)}+" if count > end else format_number(count)
