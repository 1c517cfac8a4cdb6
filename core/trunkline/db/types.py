"""Column types: 64-bit keys, integer money, aware UTC time and encrypted text."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from trunkline import secrets
from trunkline.clock import utc_now

#: 64-bit key on every database; SQLite only autoincrements a column typed INTEGER.
BigKey = BigInteger().with_variant(Integer, "sqlite")

_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # unknown to its stubs

#: Money in micro-units (1e-6) of the currency named in the same row.
Micros = BigInteger


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. A naive value is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime; use trunkline.clock.utc_now or attach a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """A page reads some twenty times, each in one step. SQLite keeps text."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}Z")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def from_json(text: str) -> Any:
    """What `json.loads` makes of `text`. Values are short, and what it does around its scanner takes longer than that."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)


def from_json_bytes(text: bytes | str) -> Any:
    """`from_json` of what PostgreSQL's driver hands over."""
    return from_json(text if isinstance(text, str) else text.decode())


class EncryptedStr(TypeDecorator[str]):
    """Text sealed with AES-GCM under the key file, bound to `place` (by convention `table.column`).

    Where a value must be bound to its row as well, call `trunkline.secrets.seal` with the row's own identity instead.
    """

    impl = String
    cache_ok = True

    def __init__(self, place: str, *args: Any) -> None:
        super().__init__(*args)
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else secrets.seal(value, bound_to=self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else secrets.unseal(value, bound_to=self.place)


class NoneIfEmpty(TypeDecorator[str]):
    """Text that many rows may lack in a unique column: empty here, NULL there. No row is found by looking for the empty text."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value or ""


def utc_field(*, index: bool = False) -> Any:
    """A required aware timestamp that defaults to now."""
    return Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=index)
