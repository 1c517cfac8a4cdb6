"""Appends a line to `journal.csv` in the data folder for each customer registered or suspended.

Copy this file into the folder `extensions` of the data folder and restart. Events come at least once, so a line may rarely be
written twice; whoever reads the file goes by the customer's number.
"""

import csv

from trunkline.customers.events import CustomerRegistered, CustomerStatusChanged
from trunkline.operation import Context
from trunkline.plugin import hookimpl


@hookimpl
def on_customer_registered(ctx: Context, event: CustomerRegistered) -> None:
    _write(ctx, event.number, "registered")


@hookimpl
def on_customer_status_changed(ctx: Context, event: CustomerStatusChanged) -> None:
    if event.after == "suspended":
        _write(ctx, event.number, f"suspended: {event.reason}")


def _write(ctx: Context, *cells: str) -> None:
    with (ctx.app.config.data / "journal.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow([ctx.now().isoformat(timespec="seconds"), *cells])
