"""Taxes of an invoice: each rate on each line's net amount, rounded half up to minor units per line."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.money import minor_digits

MILLION = 1_000_000


@dataclass(frozen=True)
class NamedRate:
    """A tax and its rate in millionths of the net amount."""

    name: str
    rate_millionths: int

    @classmethod
    def parse(cls, text: str) -> "NamedRate":
        """From `ICMS 17` or `PIS 0,65 %`. Raises Refused when the line is not of that form."""
        from decimal import Decimal, InvalidOperation

        name, _gap, figure = text.strip().removesuffix("%").strip().rpartition(" ")
        try:
            scaled = Decimal(figure.replace(",", ".")) * 10_000
        except InvalidOperation:
            scaled = Decimal(-1)
        if (
            not name.strip()
            or not scaled.is_finite()
            or scaled != int(scaled)
            or not 0 <= scaled <= 100 * 10_000
        ):
            raise Refused(
                _("“{text}” is no tax.", text=text),
                field="rates",
                remedy=_("Write its name and per cent between 0 and 100, such as ICMS 17."),
            )
        return cls(name.strip()[:40], int(scaled))


def percent_text(rate_millionths: int) -> str:
    """A rate in per cent as exact text without idle zeros: `17`, `0.65`."""
    whole, rest = divmod(rate_millionths, 10_000)
    return f"{whole}.{rest:04}".rstrip("0").rstrip(".")


def tax_on(net_micros: int, rate_millionths: int, currency: str) -> int:
    """One tax on one line, in micro-units rounded half away from zero to the currency's minor unit."""
    unit: int = 10 ** (6 - minor_digits(currency))
    divisor = MILLION * unit
    whole, rest = divmod(abs(net_micros) * rate_millionths, divisor)
    rounded = (whole + (rest * 2 >= divisor)) * unit
    return rounded if net_micros >= 0 else -rounded


def taxes_on(net_micros: int, rates: Sequence[NamedRate], currency: str) -> list[int]:
    """Each tax of a scheme on one line."""
    return [tax_on(net_micros, rate.rate_millionths, currency) for rate in rates]
