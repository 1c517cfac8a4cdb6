"""The files that the line brings in, and what it expects of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trunkline.demo import deck, stock, usage
from trunkline.demo.people import customers
from trunkline.demo.samples import CUSTOMER_COLUMNS, customer_row, write_csv

TARIFF = "retail"
#: What the customer does in the first minutes: quantity by type.
CALL_SECONDS, DATA_BYTES = 130, 3_000_000_000
#: Argentina's mobiles cost 0.95 a minute, in whole minutes, outside the allowance.
ABROAD_SECONDS, ABROAD_COST = 95, "1.90"


@dataclass(frozen=True)
class Samples:
    """A folder of import files."""

    folder: Path

    @property
    def customers(self) -> Path:
        return self.folder / "customers.csv"

    @property
    def sims(self) -> Path:
        return self.folder / "sims.csv"

    @property
    def numbers(self) -> Path:
        return self.folder / "numbers.csv"

    @property
    def tariff(self) -> Path:
        return self.folder / "tariff.csv"

    def usage_of(self, msisdn: str) -> Path:
        """What the holder of a number does from now on: a call at home, one abroad, a message, data."""
        # Records count whole seconds; the service may have begun within this one.
        now = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        uses = (
            ("voice", "+555133334444", CALL_SECONDS, "s"),
            ("voice", "+5491143210000", ABROAD_SECONDS, "s"),
            ("sms", "+5551997001234", 1, "messages"),
            ("data", "internet", DATA_BYTES, "B"),
        )
        rows = [
            {
                "source_key": f"line-{number}",
                "type": kind,
                "identifier": msisdn,
                "direction": "out",
                "caller": msisdn,
                "callee": callee,
                "origin_area": msisdn[3:5],
                "start": now,
                "quantity": str(quantity),
                "unit": unit,
                "carrier": "",
                "cell": "",
            }
            for number, (kind, callee, quantity, unit) in enumerate(uses, start=1)
        ]
        return write_csv(self.folder / "usage.csv", usage.COLUMNS, rows)


def write_samples(folder: Path, *, size: int = 12) -> Samples:
    """Customers, SIMs, numbers and a whole A–Z deck."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = Samples(folder)
    write_csv(samples.customers, CUSTOMER_COLUMNS, map(customer_row, customers(1, size)))
    write_csv(samples.sims, stock.SIM_COLUMNS, stock.sims(1, size))
    write_csv(samples.numbers, stock.NUMBER_COLUMNS, stock.mobile_numbers(size))
    write_csv(samples.tariff, deck.COLUMNS, deck.rate_deck("2026-01-01"))
    return samples
