"""The importer of items: `trunkline import inventory --template sim FILE`, columns as the template's fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from trunkline import secrets
from trunkline.db.parts import parts
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.imports.importer import ImportColumn, Importer, ImportOptions, ImportReport, read_csv
from trunkline.operation import Actor, Context
from trunkline_inventory import queries
from trunkline_inventory.events import ItemsAdded
from trunkline_inventory.models import InventoryItem
from trunkline_inventory.operations.adding import checked, identified, store
from trunkline_inventory.schemas import TemplateView

if TYPE_CHECKING:
    from trunkline.app import App

OPERATION = "inventory.item.import"


@dataclass
class _Row:
    """One row that may go in."""

    line: int
    cells: Sequence[str]
    values: Mapping[str, str]


@dataclass
class _File:
    """What is known of the file while it is read."""

    template: TemplateView
    report: ImportReport
    rows: list[_Row] = field(default_factory=list)
    #: The line on which each identifier occurs first.
    seen: dict[tuple[str, str], int] = field(default_factory=dict)


def columns_of(template: TemplateView) -> tuple[ImportColumn, ...]:
    """A template's fields as the columns of a file."""
    return tuple(ImportColumn(f.name, f.label, f.required, f.example) for f in template.fields)


def run(app: "App", actor: Actor, path: Path, options: ImportOptions) -> ImportReport:
    """Read the file in one transaction: good rows go in together, the others are named. See `RunImport`."""
    with app.unit_of_work(actor, keep=not options.dry_run) as ctx:
        return read_into(ctx, path, options)


def read_into(ctx: Context, path: Path, options: ImportOptions) -> ImportReport:
    """The same in a unit of work that is open already. Raises Refused when the file as a whole cannot be used."""
    ctx.require(OPERATION)
    template = _template(ctx, options.template)
    header, rows = read_csv(path, columns_of(template))
    file = _File(template, ImportReport(header=header))
    with ctx.run(OPERATION) as running:
        for line, cells in rows:
            file.report.read += 1
            _check(ctx, file, line, cells, dict(zip(header, cells, strict=True)))
        fresh = _without_known(ctx, file)
        stored = store(ctx, template, [row.values for row in fresh], queries.DEFAULT_STOCK, note=path.name)
        report = file.report
        report.created = len(stored)
        report.refused.sort(key=lambda refused: refused.line)
        running.label = path.name
        running.details.update(
            file=path.name,
            template=template.name,
            read=report.read,
            created=report.created,
            unchanged=report.unchanged,
            refused=report.refused_rows,
        )
        # A batch is one entry; its rows' values, some of them secret, stay out of the log.
        running.changes.clear()
        if stored:
            first = stored[0]
            ctx.emit(
                ItemsAdded(
                    entity_id=first.key, number=first.number, template=template.name, count=len(stored)
                )
            )
    return report


def _template(ctx: Context, name: str) -> TemplateView:
    if not name:
        known = ", ".join(template.name for template in queries.templates(ctx))
        raise Refused(
            _("Say of which template the items are."),
            field="template",
            remedy=_("Templates: {known}.", known=known),
        )
    return queries.template(ctx, name)


def _check(ctx: Context, file: _File, line: int, cells: Sequence[str], values: Mapping[str, str]) -> None:
    try:
        clean = checked(ctx, file.template, values)
        for identifier in file.template.identifiers:
            value = clean.get(identifier.name)
            before = file.seen.get((identifier.name, value)) if value else None
            if before is not None:
                raise Refused(
                    _(
                        "{label} {value} is on line {line} already.",
                        label=identifier.label,
                        value=value,
                        line=before,
                    ),
                    field=identifier.name,
                )
    except TrunklineError as error:
        file.report.refuse(line, error.field or "", str(error), _without_secrets(file.template, values))
        return
    for identifier in file.template.identifiers:
        if value := clean.get(identifier.name):
            file.seen[identifier.name, value] = line
    file.rows.append(_Row(line, cells, clean))


def _without_secrets(template: TemplateView, values: Mapping[str, str]) -> list[str]:
    """The row for the error file: secrets do not leave the file they came in."""
    hidden = {f.name for f in template.fields if f.kind == "secret"}
    return ["" if name in hidden else value for name, value in values.items()]


def _without_known(ctx: Context, file: _File) -> list[_Row]:
    """The rows that are new. Those in stock already are counted as unchanged when they are the same, else refused."""
    template = file.template
    known = {
        f.name: identified(ctx, f.name, [row.values.get(f.name, "") for row in file.rows])
        for f in template.identifiers
    }
    main = template.main.name
    items = _items(ctx, [found.item_id for found in known[main].values()])
    fresh = []
    for row in file.rows:
        found = known[main].get(row.values[main])
        if found is not None and _same(items[found.item_id], row.values):
            file.report.unchanged += 1
            continue
        clash = next((f for f in template.identifiers if row.values.get(f.name) in known[f.name]), None)
        if clash is None:
            fresh.append(row)
            continue
        value = row.values[clash.name]
        reason = _(
            "{label} {value} exists already: {what}.",
            label=clash.label,
            value=value,
            what=known[clash.name][value].words,
        )
        remedy = _("Remove the row, or edit that item.")
        cells = _without_secrets(template, dict(zip(file.report.header, row.cells, strict=True)))
        file.report.refuse(row.line, clash.name, f"{reason} {remedy}", cells)
    return fresh


def _items(ctx: Context, ids: Sequence[int]) -> dict[int, InventoryItem]:
    found: dict[int, InventoryItem] = {}
    for part in parts(ids):
        statement = select(InventoryItem).where(col(InventoryItem.id).in_(part))
        found.update({row.key: row for row in ctx.session.scalars(statement)})
    return found


def _same(item: InventoryItem, values: Mapping[str, str]) -> bool:
    """Whether a row says what is in stock already, secrets included."""
    hidden = {
        name: secrets.unseal(sealed, bound_to=queries.seal_place(item.label, name))
        for name, sealed in item.secrets.items()
    }
    return {**item.values, **hidden} == dict(values)


def _template_names(ctx: Context) -> list[str]:
    return [template.name for template in queries.templates(ctx)]


#: The columns of the shipped templates; other templates have their own fields as columns.
_COLUMNS = (
    ImportColumn("iccid", _("ICCID (template sim)"), True, "8955990000000000017"),
    ImportColumn("imsi", _("IMSI (template sim)"), True, "724990000000001"),
    ImportColumn("msisdn", _("Number printed on the card, if any (template sim)"), False, "+5551991234567"),
    ImportColumn("ki", _("Ki, 32 hexadecimal digits; sealed (template sim)"), True),
    ImportColumn("opc", _("OPc, 32 hexadecimal digits; sealed (template sim)"), True),
    ImportColumn("pin1", _("PIN 1; sealed (template sim)")),
    ImportColumn("puk1", _("PUK 1; sealed (template sim)")),
    ImportColumn("number", _("Telephone number (template number)"), True, "+5551991234567"),
    ImportColumn("route", _("Route (template number)")),
    ImportColumn("class", _("Class of the number (template number)")),
)

IMPORTERS = (
    Importer(
        kind="inventory",
        label=_("Inventory items"),
        permission=OPERATION,
        columns=_COLUMNS,
        run=run,
        options={"template": _("Template")},
        choices={"template": _template_names},
        whole=True,
    ),
)
