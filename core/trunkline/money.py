"""Exact money: integer micro-units (1e-6) of a named currency (ISO 4217). Never float, never mixed currencies."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

MICROS = 1_000_000
#: Minor digits where they are not two (ISO 4217).
_MINOR_DIGITS = {
    "JPY": 0,
    "CLP": 0,
    "PYG": 0,
    "KRW": 0,
    "VND": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has."""
    return _MINOR_DIGITS.get(currency, 2)


def round_to_minor(micros: int, currency: str) -> int:
    """Round micro-units half away from zero to whole minor units, still expressed in micro-units."""
    unit: int = 10 ** (6 - minor_digits(currency))
    quotient, rest = divmod(abs(micros), unit)
    rounded = (quotient + (1 if rest * 2 >= unit else 0)) * unit
    return rounded if micros >= 0 else -rounded


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount. Arithmetic between currencies raises ValueError: it is always a defect."""

    micros: int
    currency: str

    @classmethod
    def parse(cls, text: str | int | Decimal, currency: str, *, field: str | None = None) -> Self:
        """From a decimal text such as `39.90`. Raises Refused when it is no amount or finer than a micro-unit."""
        try:
            scaled = Decimal(str(text).strip()) * MICROS
            whole = int(scaled)
        except (InvalidOperation, ValueError, OverflowError):
            raise Refused(
                _("“{text}” is not an amount.", text=text), field=field, remedy=_("Write it like 39.90.")
            ) from None
        if scaled != whole:
            raise Refused(
                _("“{text}” has more than six decimals.", text=text), field=field, remedy=_("Shorten it.")
            )
        if abs(whole) >= 2**62:
            raise Refused(
                _("“{text}” is too large.", text=text), field=field, remedy=_("Write a smaller amount.")
            )
        return cls(whole, currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """From whole minor units, such as 3990 for 39.90."""
        return cls(minor * 10 ** (6 - minor_digits(currency)), currency)

    def decimal(self) -> Decimal:
        """The amount as an exact Decimal in whole units."""
        return Decimal(self.micros).scaleb(-6)

    def __str__(self) -> str:
        """Decimal text with at least the currency's minor digits: what JSON and CSV show."""
        text = f"{self.decimal():.6f}".rstrip("0")
        whole, _point, fraction = text.partition(".")
        digits = minor_digits(self.currency)
        return f"{whole}.{fraction.ljust(digits, '0')}" if digits or fraction else whole

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be mixed")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.micros + other.micros, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.micros - other.micros, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.micros, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.micros < other.micros
