"""Running an importer over a file, for the command line and for jobs."""

import csv
import os
from collections.abc import Callable
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.db.rings import again
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.imports.importer import Importer, ImportOptions, ImportReport
from trunkline.operation import SYSTEM, Actor

if TYPE_CHECKING:
    from trunkline.app import App

NOTHING_DONE = 2
_SHOWN = 20


def importer_for(app: "App", kind: str) -> Importer:
    """The importer of a kind. Raises Refused naming the nearest one."""
    found = app.importers.get(kind)
    if found is not None:
        return found
    near = get_close_matches(kind, app.importers, 1)
    remedy = (
        _("Did you mean “{near}”?", near=near[0])
        if near
        else _("Kinds: {kinds}.", kinds=", ".join(sorted(app.importers)))
    )
    raise Refused(_("Nothing imports “{kind}”.", kind=kind), field="kind", remedy=remedy)


def check_format(importer: Importer, name: str) -> None:
    """Raise Refused (field `format`) unless the importer reads files of this format."""
    if name not in importer.formats:
        raise Refused(
            _("“{format}” is no format of {kind}.", format=name, kind=importer.kind),
            field="format",
            remedy=_("Formats: {formats}.", formats=", ".join(importer.formats)),
        )


def run_import(app: "App", actor: Actor, kind: str, path: Path, options: ImportOptions) -> ImportReport:
    """Read a file under an actor. Raises Refused when the file or an option as a whole cannot be used."""
    importer = importer_for(app, kind)
    check_format(importer, options.format)
    if not path.exists():
        raise Refused(_("There is no file {path}.", path=path), field="file", remedy=_("Check its name."))
    return importer.run(app, actor, path, options)


def write_errors(report: ImportReport, path: Path) -> None:
    """Write the refused rows as CSV: line, column and reason, then the row as it came. Without any, an older file goes."""
    if not report.refused:
        path.unlink(missing_ok=True)
        return
    # The rows may hold secrets, such as a SIM's Ki: the list is for its writer only.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "column", "reason", *report.header])
        # A row that stood here twice would be imported twice, once it is put right.
        for line, reasons in groupby(report.refused, key=attrgetter("line")):
            first, *others = reasons
            columns = ", ".join(dict.fromkeys(one.column for one in (first, *others) if one.column))
            words = "; ".join(one.reason for one in (first, *others))
            writer.writerow([line, columns, words, *first.row])


def import_file(
    app: "App", kind: str, path: Path, options: ImportOptions, echo: Callable[[str], None]
) -> int:
    """What `trunkline import` does; returns its exit status: 0 all in, 1 some refused, 2 nothing done."""
    try:
        whole = importer_for(app, kind).whole
        report = again(lambda: run_import(app, SYSTEM, kind, path, options), safe=whole)
    except TrunklineError as error:
        echo(str(error))
        return NOTHING_DONE
    verb = "would be " if options.dry_run else ""
    echo(
        f"{report.read} rows read: {report.created} {verb}created, {report.updated} {verb}updated, "
        f"{report.unchanged} unchanged, {report.refused_rows} refused"
    )
    for refused in report.refused[:_SHOWN]:
        echo(f"  line {refused.line}{f', {refused.column}' if refused.column else ''}: {refused.reason}")
    errors = path.with_name(f"{path.name}.errors.csv")
    write_errors(report, errors)
    if report.refused:
        echo(f"All refused rows are in {errors}")
    return report.exit_status
