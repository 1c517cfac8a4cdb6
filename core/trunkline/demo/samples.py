"""`python -m trunkline.demo.samples FOLDER`: files to try the imports with, made anew each time the same way."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from random import Random

from trunkline.demo import deck, stock, usage
from trunkline.demo.people import SampleCustomer, customers

CUSTOMER_COLUMNS = (
    "number",
    "kind",
    "name",
    "legal_name",
    "tax_id",
    "email",
    "phone",
    "language",
    "street",
    "city",
    "state",
    "postal_code",
    "country",
)


def customer_row(sample: SampleCustomer) -> dict[str, str]:
    """One customer as a row of the import file; the number is left to the system."""
    where = sample.address
    return {
        "number": "",
        "kind": sample.kind,
        "name": sample.name,
        "legal_name": sample.legal_name,
        "tax_id": sample.tax_id,
        "email": sample.email,
        "phone": sample.phone,
        "language": "pt_BR",
        "street": where.street,
        "city": where.city,
        "state": where.state,
        "postal_code": where.postal_code,
        "country": where.country,
    }


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows as UTF-8 CSV with a header, the way every import reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(itemgetter(*columns), rows))
    return path


def write_samples(folder: Path, *, seed: int = 1, size: int = 20) -> None:
    """Write customers, SIMs, numbers, the rate deck and a day of usage into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "customers.csv", CUSTOMER_COLUMNS, map(customer_row, customers(seed, size)))
    write_csv(folder / "sims.csv", stock.SIM_COLUMNS, stock.sims(seed, size))
    write_csv(folder / "numbers.csv", stock.NUMBER_COLUMNS, stock.mobile_numbers(size))
    write_csv(folder / "tariff.csv", deck.COLUMNS, deck.rate_deck("2026-01-01"))
    first = next(stock.mobile_numbers(1))["number"]
    service = usage.UsingService(first, calls=90, messages=60, gigabytes=12)
    begins, ends = datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 15, 12, tzinfo=UTC)
    random = Random(f"{seed}:usage")  # noqa: S311 — sample data, no secret
    write_csv(
        folder / "usage.csv", usage.COLUMNS, usage.month_of_use(service, begins, ends, random, key="sample")
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m trunkline.demo.samples FOLDER")
    write_samples(Path(sys.argv[1]))
