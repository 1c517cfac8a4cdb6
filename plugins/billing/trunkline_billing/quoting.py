"""What a use would cost, as people ask it."""

import re

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import Quote, UsageEvent
from trunkline_billing.engines import charging_engine
from trunkline_billing.schemas import UNITS, QuoteUsage

_FACTORS = {
    "voice": {"": 1, "s": 1, "m": 60, "h": 3600},
    "data": {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9},
    "sms": {"": 1, "messages": 1},
    "event": {"": 1, "events": 1},
}
_USAGE = re.compile(r"(\d{1,15}) ?([A-Za-z]*)")


def quantity_of(kind: str, text: str) -> int:
    """`45s`, `3m`, `20MB` or `2` as a quantity of the type's unit. Raises Refused when the unit does not fit the type."""
    matched = _USAGE.fullmatch(text.strip())
    factor = _FACTORS[kind].get(matched.group(2)) if matched else None
    if matched is None or factor is None:
        raise Refused(
            _("“{text}” is no quantity of {kind}.", text=text, kind=kind),
            field="usage",
            remedy=_(
                "Write a number and one of: {units}.",
                units=", ".join(unit for unit in _FACTORS[kind] if unit),
            ),
        )
    return int(matched.group(1)) * factor


def quote(ctx: Context, tariff: str, asked: QuoteUsage) -> Quote:
    """Ask the charging engine. Raises Refused naming the field, NotFound for an unknown tariff."""
    event = UsageEvent(
        source="quote",
        key="",
        type=asked.type,
        account="",
        identifier="",
        destination=asked.to,
        start=asked.at or ctx.now(),
        quantity=quantity_of(asked.type, asked.usage),
        unit=UNITS[asked.type],
    )
    return charging_engine(ctx).quote(ctx, event, tariff=tariff)
