"""`trunkline import cdr --source S FILE`: usage records, rated while they are read.

A file whose form is broken anywhere is refused as a whole. Rows go in by batches, each one transaction: of a file
with up to BATCH rows everything or nothing is in. An interrupted larger one is finished by importing it again, since a
(source, source_key) counts once however often it comes.
"""

import csv
import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.imports.importer import ImportColumn, Importer, ImportOptions, ImportReport, check_header
from trunkline_billing.events import UsageImported
from trunkline_billing.imports.reading import Chunk, chunks
from trunkline_billing.settings import BillingSettings
from trunkline_billing.usage.checking import CheckedUse, Checker
from trunkline_billing.usage.facts import Facts, load_facts
from trunkline_billing.usage.storing import store

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Actor, Context

#: Rows per transaction: about a second and a half of work on SQLite.
BATCH = 100_000
#: Rows looked at together: enough that what is done once per chunk does not count, few enough to stay in the processor's cache.
CHUNK = 1_000
PERMISSION = "billing.usage.import"

COLUMNS = (
    ImportColumn(
        "source_key",
        _("The source's own key of the record; it counts once"),
        required=True,
        example="sw1-000001",
    ),
    ImportColumn("type", _("voice, sms, data or event"), required=True, example="voice"),
    ImportColumn(
        "identifier",
        _("What used it: MSISDN, IMSI, login, extension"),
        required=True,
        example="+5541997000000",
    ),
    ImportColumn("direction", _("out or in; empty means out"), example="out"),
    ImportColumn("caller", _("The calling number"), example="+5541997000000"),
    ImportColumn(
        "callee", _("The called number, with country code; for an event its name"), example="+551132145678"
    ),
    ImportColumn("origin_area", _("Where it began"), example="41"),
    ImportColumn("start", _("ISO 8601 with zone"), required=True, example="2026-11-21T14:30:00-03:00"),
    ImportColumn("quantity", _("Whole number in the unit"), required=True, example="45"),
    ImportColumn(
        "unit", _("s for voice, messages for sms, B for data, events for event"), required=True, example="s"
    ),
    ImportColumn("carrier", _("The network that carried it")),
    ImportColumn("cell", _("The cell that it began in")),
)


def run(app: "App", actor: "Actor", path: Path, options: ImportOptions) -> ImportReport:
    """Import a usage file; see the module. Raises Refused when its form is broken; then nothing of it is in."""
    source = options.source.strip() or "file"
    if len(source) > 60:
        raise Refused(
            _("The source's name is too long."), field="source", remedy=_("Use at most 60 characters.")
        )
    header = _header(path)
    report = ImportReport(header=header)
    size = min(CHUNK, BATCH)
    rows, per_batch = chunks(path, len(header), size), BATCH // size
    with app.reading(actor) as ctx:
        # Compiles the tariffs before anybody has to wait for the write lock; only committed ones are kept.
        load_facts(ctx)
    ahead, batches = next(rows, None), 0
    while ahead is not None or batches == 0:
        with app.unit_of_work(actor, keep=not options.dry_run) as ctx, ctx.run(PERMISSION) as running:
            ctx.require(PERMISSION)
            before = (report.read, report.created, len(report.refused))
            batch = chain([ahead] if ahead else [], islice(rows, per_batch - 1))
            with collected_later():
                _import_batch(ctx, path.name, source, _positions(header), batch, report)
                ahead = next(rows, None)
                if ahead is not None and batches == 0:
                    # Before the first batch is in, the others must be known to be readable.
                    _look_through(path, len(header))
            batches += 1
            running.label = path.name
            figures = {
                "read": report.read - before[0],
                "created": report.created - before[1],
                "refused": len(report.refused) - before[2],
            }
            running.details.update(source=source, **figures)
            running.changes.clear()
            ctx.emit(UsageImported(entity_id=0, source=source, **figures))
    return report


@contextmanager
def collected_later() -> Iterator[None]:
    """No cyclic garbage collection inside: it would walk the growing heap of rows again and again, for a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _import_batch(
    ctx: "Context",
    name: str,
    source: str,
    positions: Sequence[int],
    batch: Iterable[Chunk],
    report: ImportReport,
) -> None:
    facts = load_facts(ctx)
    check, uses = Checker(facts, positions), list[CheckedUse]()
    for chunk in batch:
        checked = check(chunk.columns)
        uses += checked.uses
        for at, column, reason in checked.faults:
            report.refuse(chunk.lines[at], column, reason, chunk.row(at))
        report.read += len(chunk.lines)
    stored = _keep(ctx, facts, source, name, uses)
    report.created += stored[0]
    report.unchanged += stored[1]


def _keep(ctx: "Context", facts: Facts, source: str, name: str, uses: list[CheckedUse]) -> tuple[int, int]:
    if ctx.settings(BillingSettings).charging_engine != "embedded":
        from trunkline_billing.usage.elsewhere import hand_over

        return hand_over(ctx, source, uses)
    stored = store(ctx, facts, source, name, uses)
    return stored.created, stored.unchanged


def _positions(header: Sequence[str]) -> list[int]:
    """Where each column is; one that the file does not have is looked for behind the last cell."""
    return [header.index(column.name) if column.name in header else len(header) for column in COLUMNS]


def _header(path: Path) -> list[str]:
    """The header row. Raises Refused when it is unusable or the file cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = [name.strip() for name in next(csv.reader(file, strict=True), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(
            _("{file}, line 1: {error}.", file=path.name, error=error),
            field="file",
            remedy=_("Save it as CSV UTF-8 with a header row."),
        ) from None
    except OSError as error:
        raise Refused(
            _("{file} cannot be read: {error}.", file=path.name, error=error.strerror), field="file"
        ) from error
    check_header(path, header, COLUMNS)
    return header


def _look_through(path: Path, width: int) -> None:
    """Read the whole file for its form only. Raises Refused where it is broken."""
    deque(chunks(path, width, CHUNK), maxlen=0)


IMPORTER = Importer(
    kind="cdr",
    label=_("Usage records"),
    permission=PERMISSION,
    columns=COLUMNS,
    run=run,
    options={"source": _("Source, such as the switch's name")},
)
