"""`./run bench first-line`: how fast and how large the first line is, beside what the machine itself allows.

Every figure stands beside a floor measured in the same run: the least that the same machine needs for the same kind of work.
The last line printed is one JSON object with all of them.
"""

import argparse
import contextlib
import csv
import http.client
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx2

from benchmarks.figures import Figure, all_kept, figure, show
from benchmarks.serving import CLI, cpu, family, resident, server, signed_in, web_pid
from tests.services.loopback import free_port

_BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
app = Starlette(routes=[Route("/readyz", lambda request: PlainTextResponse("ok"))])
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the sample operator; limits hold at 1"
    )
    parser.add_argument("--data", type=Path, help="a demo made before; the cold start is then left out")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        data = chosen.data or Path(folder) / "demo"
        figures = [] if chosen.data else [_cold(data, chosen.scale)]
        figures += _served(data, chosen.repeats)
        figures.append(_usage(Path(folder), chosen.repeats))
    show(figures)
    return 0 if all_kept(figures) else 1


# Cold and warm start, memory, pages


def _cold(data: Path, scale: float) -> Figure:
    began = time.monotonic()
    command = [*CLI, "demo", "--no-serve", "--data", str(data), "--scale", str(scale)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    floor = _timed(lambda: subprocess.run([*CLI, "version"], check=True))
    return figure("cold demo", "s", [took], 60, floor=floor)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _served(data: Path, repeats: int) -> list[Figure]:
    starts, memory, pages, floors, bare = [], 0.0, list[float](), list[float](), list[float]()
    config = str(data / "trunkline.toml")
    for run in range(repeats):
        port = free_port()
        with server([sys.executable, "-c", _BARE, str(port)], port) as (_process, took):
            bare.append(took)
        port = free_port()
        command = [*CLI, "--config", config, "serve", "--port", str(port)]
        with server(command, port) as (process, _ready), signed_in(port) as client:
            starts.append(_ready)
            if run == repeats - 1:
                pages, floors = _pages(client, web_pid(process.pid))
                memory = max(resident(pid) for pid in family(process.pid))
    floor_memory = _resident_of_bare()
    return [
        figure("warm start to first page", "s", starts, 2.5, floor=statistics.median(bare)),
        figure("memory of the largest process", "MB", [memory], 150, floor=floor_memory),
        figure("customer page", "ms CPU", pages, 5, floor=statistics.median(floors)),
    ]


def _pages(client: httpx2.Client, web: int, count: int = 200) -> tuple[list[float], list[float]]:
    """CPU milliseconds of the web process per customer page, and per `/healthz`, over several rounds."""

    # A client that takes its own time lets the processor fall asleep between two pages, and waking is not what a page costs.
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    def ask(path: str) -> None:
        connection.request("GET", path, headers={"Cookie": cookies})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    def per_request(path: str) -> float:
        before = cpu(web)
        for _ in range(count):
            ask(path)
        return (cpu(web) - before) * 1000 / count

    per_request("/customers/C000002")
    _settled(web)
    return [per_request("/customers/C000002") for _ in range(5)], [per_request("/healthz") for _ in range(5)]


def _settled(process: int, seconds: float = 30) -> None:
    """Wait until the server has done what it puts off until it is up (its REST part), which is no page's cost."""
    until = time.monotonic() + seconds
    before = cpu(process)
    while time.monotonic() < until:
        time.sleep(1)
        now = cpu(process)
        if now - before <= 0.02:
            return
        before = now


def _resident_of_bare() -> float:
    port = free_port()
    with server([sys.executable, "-c", _BARE, str(port)], port) as (process, _took):
        return resident(process.pid)


# Usage


def _usage(folder: Path, repeats: int, rows: int = 100_000) -> Figure:
    """Rows of a usage file rated and stored per second; the floor reads the same file and inserts its bare rows."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.imports.importer import ImportOptions
    from trunkline.jobs.wake import Silent
    from trunkline.operation import SYSTEM
    from trunkline.setup import prepare

    app = App.start(Config(data=folder / "usage", time_zone="America/Sao_Paulo"), waker=Silent())
    prepare(app)
    numbers = _services(app, folder)
    speeds, floors = [], []
    for run in range(repeats):
        path = _usage_file(folder / f"usage-{run}.csv", numbers, rows, run)
        took = _timed(partial(app.importers["cdr"].run, app, SYSTEM, path, ImportOptions(source="bench")))
        speeds.append(rows / took)
        floors.append(rows / _timed(partial(_bare_import, folder, path)))
    app.close()
    return figure("usage rated", "rows/s", speeds, 50_000, floor=statistics.median(floors), more=True)


def _services(app: "object", folder: Path, count: int = 200) -> list[str]:
    """Active mobile lines with a tariff; returns their numbers."""
    from decimal import Decimal

    from trunkline.app import App
    from trunkline.customers import operations as customers
    from trunkline.customers.schemas import RegisterCustomer
    from trunkline.demo.deck import COLUMNS, rate_deck
    from trunkline.demo.samples import write_csv
    from trunkline.demo.stock import mobile_numbers, sims
    from trunkline.imports.importer import ImportOptions
    from trunkline.operation import SYSTEM
    from trunkline_billing import operations as billing
    from trunkline_catalog import operations as catalog
    from trunkline_catalog.schemas import Allowance, CreateProduct, RecordExistingService
    from trunkline_inventory import operations as inventory

    assert isinstance(app, App)
    deck = write_csv(folder / "deck.csv", COLUMNS, rate_deck("2020-01-01"))
    app.importers["tariff"].run(app, SYSTEM, deck, ImportOptions(tariff="retail", currency="BRL"))
    began = app.clock() - timedelta(days=30)
    found = []
    with app.unit_of_work() as ctx:
        inventory.add_items(ctx, "sim", list(sims(1, count)))
        inventory.add_items(ctx, "number", list(mobile_numbers(count)))
        catalog.create_product(
            ctx,
            CreateProduct(
                code="mobile",
                name="Mobile",
                needs=("sim", "number"),
                tariff="retail",
                allowances=(Allowance(type="data", quantity=10**10, unit="B"),),
                monthly_price=Decimal(50),
                currency="BRL",
                effective_from=began,
            ),
        )
        for position in range(count):
            facts = {"kind": "individual", "name": f"Customer {position}"}
            customer = customers.register(ctx, RegisterCustomer.model_validate(facts))
            service = catalog.record_existing_service(
                ctx,
                RecordExistingService(
                    customer_number=customer.number, product_code="mobile", activated_at=began
                ),
            )
            billing.charge_service(ctx, billing.ChargeService(service.id, began))
            found.append(service.identifiers["msisdn"])
    return found


def _usage_file(path: Path, numbers: Sequence[str], rows: int, run: int) -> Path:
    header = "source_key,type,identifier,direction,caller,callee,origin_area,start,quantity,unit,carrier,cell"
    begins = datetime.now(UTC) - timedelta(days=20)
    kinds = (
        ("voice", "+5551998{:06d}", "s"),
        ("voice", "+54911432{:05d}", "s"),
        ("sms", "+5548991{:06d}", "messages"),
        ("data", "internet", "B"),
    )
    with path.open("w") as file:
        file.write(header + "\n")
        for row in range(rows):
            number, (kind, callee, unit) = numbers[row % len(numbers)], kinds[row % 4]
            start = (begins + timedelta(seconds=row * 15)).strftime("%Y-%m-%dT%H:%M:%SZ")
            quantity = {"s": 30 + row % 600, "messages": 1, "B": 1_000_000 + row}[unit]
            callee = callee.format(row % 100_000)
            file.write(f"{run}-{row},{kind},{number},out,{number},{callee},51,{start},{quantity},{unit},,\n")
    return path


def _bare_import(folder: Path, path: Path) -> None:
    """Read the file and insert its rows into a table with one key, as fast as the standard library can."""
    with contextlib.closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bare (key PRIMARY KEY, kind, who, other, start, amount) WITHOUT ROWID"
        )
        with path.open(newline="") as file:
            reader = csv.reader(file)
            next(reader)
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?)",
                ((row[0], row[1], row[2], row[5], row[7], int(row[8])) for row in reader),
            )
            connection.execute("COMMIT")


if __name__ == "__main__":
    sys.exit(main())
