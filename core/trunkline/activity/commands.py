"""`trunkline activity …`."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.activity.segments import Segment
    from trunkline.app import App

activity_app = typer.Typer(
    help="The activity log: prove that it is whole, and export it.", no_args_is_help=True
)


@activity_app.command()
def verify(
    since: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="Only entries from this day on.")
    ] = "",
    until: Annotated[
        str, typer.Option("--to", metavar="YYYY-MM-DD", help="Only entries up to this day.")
    ] = "",
    head: Annotated[
        list[str] | None,
        typer.Option(help="A head from the log stream (number:chain) that the log must hold; repeatable."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Verify this exported segment instead.")] = None,
) -> None:
    """Name every altered, missing or inserted entry and seal. Exit status 1 when there is one."""
    from trunkline.activity import checking, heads

    app = _app()
    if file is not None:
        raise typer.Exit(_verify_file(file))
    period = checking.Period(_midnight(app, since), _midnight(app, until, days=1))
    report = checking.verify(app, period=period, known_heads=[heads.Head.read(text) for text in head or ()])
    for finding in report.findings:
        typer.echo(finding)
    if report.problems > len(report.findings):
        typer.echo(f"… and {report.problems - len(report.findings)} more.")
    typer.echo(
        f"{report.seals} seals, {report.entries} entries verified, {report.exported} exported and removed, "
        f"{report.waiting} not sealed yet. {'Problems: ' + str(report.problems) if report.problems else 'All is as it was'}."
    )
    if report.head:
        typer.echo(f"Head {report.head}")
    app.close()
    raise typer.Exit(1 if report.problems else 0)


@activity_app.command()
def export(
    before: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Batches whose entries are all older than this day.")
    ],
    out: Annotated[Path, typer.Option(help="The new file.")],
    remove: Annotated[
        bool, typer.Option("--remove", help="Afterwards delete these entries from the database.")
    ] = False,
) -> None:
    """Write old sealed entries to a file that proves itself, and read it back. Exit status 2 when that cannot be done."""
    from trunkline.activity import segments

    app = _app()
    day = _midnight(app, before)
    if day is None:
        raise typer.BadParameter("--before needs a day.")
    _say(segments.export(app, day, out))
    if remove:
        segments.remove(app, out)
        typer.echo("Removed from the database. Keep the file, and a copy elsewhere.")
    app.close()


@activity_app.command("remove")
def remove_exported(
    file: Annotated[Path, typer.Argument(help="A segment that this installation exported.")],
) -> None:
    """Delete from the database the entries that an exported segment holds. Exit status 2 when it does not verify."""
    from trunkline.activity import segments

    app = _app()
    _say(segments.remove(app, file))
    typer.echo("Removed from the database. Keep the file, and a copy elsewhere.")
    app.close()


@activity_app.command()
def protect() -> None:
    """Make the triggers again that refuse changes to the log, where one is gone. On PostgreSQL run it as the tables' owner."""
    from trunkline.cli import written
    from trunkline.db import append_only

    app = _app()
    tables = written(app, lambda ctx: append_only.restore(ctx.session.connection()))
    typer.echo(f"Protected again: {', '.join(tables)}." if tables else "Every table is protected.")
    app.close()


@activity_app.command()
def seal() -> None:
    """Seal what is not sealed yet, without waiting for the worker; prints the head of the chain."""
    from trunkline.activity import heads
    from trunkline.activity.sealing import newest_seal, seal_batch
    from trunkline.cli import written

    app, count = _app(), 0
    while True:
        sealed = written(app, lambda ctx: seal_batch(ctx, thorough=True))
        count += sealed
        if not sealed:
            break
    with app.reading() as ctx:
        last = newest_seal(ctx)
    typer.echo(f"{count} entries sealed.")
    if last is not None:
        typer.echo(f"Head {heads.Head(last.number, last.chain)}")
    app.close()


def _verify_file(file: Path) -> int:
    from trunkline.activity import segments

    found = segments.read(file)
    for finding in found.findings:
        typer.echo(finding)
    _say(found)
    return 1 if found.findings else 0


def _say(found: "Segment") -> None:
    state = f"Problems: {len(found.findings)}" if found.findings else "All is as it was"
    typer.echo(f"Seals {found.first_seal} to {found.last_seal} with {found.entries} entries. {state}.")
    typer.echo(f"SHA-256 {found.file_digest}")


def _app() -> "App":
    from trunkline.cli import open_app

    return open_app()


def _midnight(app: "App", text: str, *, days: int = 0) -> datetime | None:
    """The beginning of a day in the operator's zone, so many days later. Raises Refused for no date."""
    from trunkline.errors import Refused

    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"“{text}” is no date.", remedy="Write it as 2026-11-30.") from None
    return datetime.combine(day + timedelta(days=days), time(), app.config.zone).astimezone(UTC)
