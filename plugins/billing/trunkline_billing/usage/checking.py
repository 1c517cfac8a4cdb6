"""One usage record checked and priced, without touching the database: fast enough for every row of a large file."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from trunkline_billing.rating.compiled import rated_number
from trunkline_billing.rating.pricing import Price
from trunkline_billing.schemas import UNITS
from trunkline_billing.usage.facts import ChargedService, Facts

#: No use is longer than this in any unit: 2^53 bytes are nine petabytes.
MAX_QUANTITY = 2**53
_MAX_KEY = 120
_MAX_TEXT = 60

#: A record that passed, in the order that sorts it: start (POSIX), key, then
#: service, type, direction, identifier, other party, origin area, carrier, cell, quantity, start (database text),
#: price or None, month.
CheckedUse = tuple[float, str, ChargedService, str, str, str, str, str, str, str, int, str, Price | None, str]
#: Column at fault and reason.
Fault = tuple[str, str]
Check = Callable[[Sequence[str]], "CheckedUse | Fault"]


def checker(facts: Facts, source_columns: Sequence[int]) -> Check:
    """A function that checks one row; `source_columns` says at which position each of the twelve columns is."""
    (
        i_key,
        i_type,
        i_id,
        i_direction,
        i_caller,
        i_callee,
        i_origin,
        i_start,
        i_quantity,
        i_unit,
        i_carrier,
        i_cell,
    ) = source_columns
    holders, services, latest = facts.holders, facts.services, facts.latest_start
    months, periods = facts.months, facts.periods

    def check(cells: Sequence[str]) -> "CheckedUse | Fault":
        key, kind, quantity_text = cells[i_key], cells[i_type], cells[i_quantity]
        if not key or len(key) > _MAX_KEY:
            return "source_key", f"must have 1 to {_MAX_KEY} characters"
        unit = UNITS.get(kind)
        if unit is None:
            return "type", f"“{kind}” is none of {', '.join(UNITS)}"
        if cells[i_unit] != unit:
            return "unit", f"“{cells[i_unit]}” is not the unit of {kind}; write {unit}"
        if not (quantity_text.isascii() and quantity_text.isdigit()):
            return "quantity", f"“{quantity_text}” is no whole number"
        quantity = int(quantity_text)
        if quantity > MAX_QUANTITY:
            return "quantity", f"“{quantity_text}” is too large"
        direction = cells[i_direction] or "out"
        if direction != "out" and direction != "in":
            return "direction", f"“{direction}” is neither out nor in"
        start_text = cells[i_start]
        try:
            moment = datetime.fromisoformat(start_text)
        except ValueError:
            return "start", f"“{start_text}” is no ISO 8601 time such as 2026-11-21T14:30:00-03:00"
        if moment.tzinfo is None:
            return "start", f"“{start_text}” has no time zone; end it with Z or an offset such as -03:00"
        start = moment.timestamp()
        if start > latest:
            return "start", f"“{start_text}” lies in the future"
        identifier = cells[i_id].lstrip("+")
        spans = holders.get(identifier)
        if spans is None:
            return "identifier", f"no service has “{identifier}”"
        service_id = 0
        for since, until, holder in spans:
            if since <= start < until:
                service_id = holder
        if not service_id:
            return "identifier", f"no service had “{identifier}” at {start_text}"
        service = services.get(service_id)
        if service is None:
            return "identifier", f"the service that has “{identifier}” is not charged to any account"
        outgoing = direction == "out"
        other = cells[i_callee] if outgoing else cells[i_caller]
        price: Price | None = None
        if outgoing:
            tariff = service.tariff
            if tariff is None:
                return "type", service.problem
            price = tariff.table(kind, start).find(rated_number(kind, other))
            if price is None:
                return "callee", f"tariff {tariff.name} has no {kind} rate for “{other}” at that time"
        elif kind == "data":
            return "direction", "data is counted in one direction only; write out"
        origin, carrier, cell = cells[i_origin], cells[i_carrier], cells[i_cell]
        if (
            len(other) > _MAX_TEXT
            or len(origin) > _MAX_TEXT
            or len(carrier) > _MAX_TEXT
            or len(cell) > _MAX_TEXT
        ):
            return "callee", f"no text may be longer than {_MAX_TEXT} characters"
        plain = len(start_text) == 20 and start_text[-1] == "Z" and start_text[7] == "-"
        utc = start_text if plain else moment.astimezone(UTC).isoformat()
        stored = f"{utc[:10]} {utc[11:19]}.000000"
        period = periods[bisect_right(months, start) - 1]
        return (
            start, key, service, kind, direction, identifier, other, origin, carrier, cell, quantity, stored, price, period,
        )  # fmt: skip

    return check
