"""Files of a list: rows a second of the processor, and the most memory that the process which writes them ever holds.

Each file is written by a process of its own (`python -m benchmarks.console_files`, with what is asked on standard input): only
there is the most memory that of the file.
"""

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.app import App

#: Rows a second, how often the cost of a row among few, and megabytes that any file may take more than the smallest.
_RATE, _GROWTH, _MORE = 20_000, 1.5, 8.0
_FEW = 10_000
#: A small file is written in half a second: how fast is told by the fastest of so many.
_TIMES, _SMALL = 3, 100_000
_FORMS = ("csv", "xlsx")


@dataclass(frozen=True)
class FileFigure:
    """A file of services: rows, how many a second of the processor and by the clock, megabytes before it and at the most."""

    name: str
    rows: int
    rate: float
    wall_rate: float
    before: float
    peak: float
    size: float


def measured(kind: str, app: "App", customers: int) -> list[FileFigure]:
    """Files of ten thousand services, ten times as many, and as many as there are customers, in each form."""
    sizes = sorted({min(size, customers) for size in (_FEW, 10 * _FEW, customers)})
    url = app.database.url.render_as_string(hide_password=False)
    asked = {"url": url, "data": str(app.config.data), "plugins": list(app.config.plugins)}
    return [_fastest(f"{kind}: {form}", asked, form, rows) for form in _FORMS for rows in sizes]


def _fastest(name: str, asked: dict[str, Any], form: str, rows: int) -> FileFigure:
    times = _TIMES if rows <= _SMALL else 1
    return max((_written(name, asked, form, rows) for _ in range(times)), key=lambda one: one.rate)


def _written(name: str, asked: dict[str, Any], form: str, rows: int) -> FileFigure:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.console_files"],
        input=json.dumps(asked | {"form": form, "rows": rows}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"no file was written: {done.stderr}")
    return FileFigure(name, **json.loads(done.stdout))


def show(figures: Sequence[FileFigure]) -> bool:
    """Print them; returns whether every limit is kept."""
    heads = ("rows", "rows/s", "limit", "by clock", "growth", "MB before", "MB peak", "file MB")
    print(f"\n{'files of services':44}{''.join(f'{head:>11}' for head in heads)}")
    all_kept = True
    for one in figures:
        first = next(other for other in figures if other.name == one.name)
        growth = first.rate / one.rate
        kept = one.rate >= _RATE and growth <= _GROWTH and one.peak - first.peak <= _MORE
        all_kept = all_kept and kept
        print(
            f"{one.name:44}{one.rows:>11,}{one.rate:>11,.0f}{_RATE:>11,}{one.wall_rate:>11,.0f}{growth:>11.2f}"
            f"{one.before:>11.1f}{one.peak:>11.1f}{one.size:>11.1f}{'' if kept else '  exceeded'}"
        )
    return all_kept


def _main() -> None:
    """Write what is asked for and say what it took."""
    asked = json.load(sys.stdin)
    print(
        json.dumps(_write(asked["url"], Path(asked["data"]), asked["plugins"], asked["form"], asked["rows"]))
    )


def _write(url: str, data: Path, plugins: Sequence[str], form: str, rows: int) -> dict[str, Any]:
    from sqlalchemy import select

    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.jobs.wake import Silent
    from trunkline.web import keyset
    from trunkline.web.table_export import FORMATS, write

    app = App.start(Config(data=data, database=url, plugins=tuple(plugins)), waker=Silent())
    with app.reading() as ctx:
        found = app.lists["catalog-services"]
        table, statement = found.table(ctx), found.select(ctx)
        # Those that the list shows first: by any other column all services would be walked to find them.
        number = keyset.expression(statement, "number")
        last = select(number).order_by(number.desc()).offset(rows - 1).limit(1)
        statement = statement.where(number >= ctx.session.scalars(last).one())
        # The modules are there and the statements are made by the first.
        write(table, ctx.session, statement, {"view": "failed"}, FORMATS[form])[0].close()
        before, cpu, wall = _megabytes("VmRSS"), _processor(), time.perf_counter()
        file, written = write(table, ctx.session, statement, {}, FORMATS[form])
        cpu, wall = _processor() - cpu, time.perf_counter() - wall
        size = file.seek(0, 2)
        file.close()
    app.close()
    return {
        "rows": written,
        "rate": written / cpu,
        "wall_rate": written / wall,
        "before": before,
        "peak": _megabytes("VmHWM"),
        "size": size / 1e6,
    }


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _megabytes(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1000 if found else 0.0


if __name__ == "__main__":
    _main()
