"""`trunkline backup` and `trunkline restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.backup.making import Made
    from trunkline.backup.restoring import Restored
    from trunkline.config import Config


def backup(
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER|FILE]",
            help="A folder, or a new file that ends with .tar.gz. Default: backups/ in the data folder.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Delete older backups in the folder beyond so many.")
    ] = None,
) -> None:
    """Write database and files into one file, while the system runs. The key file is not in it."""
    from trunkline.app import App
    from trunkline.backup import sqlite
    from trunkline.backup.contents import database_file
    from trunkline.backup.making import make
    from trunkline.backup.records import record_made
    from trunkline.cli import config_file, load_config
    from trunkline.i18n import format_bytes
    from trunkline.jobs.wake import Silent

    config = load_config()
    if (database := database_file(config)) is not None:
        # Before a start makes a data folder and a key where there was none.
        sqlite.check_there(database)
    app = App.start(config, waker=Silent())
    made = make(app, config_file(), target, keep=keep)
    typer.echo(f"Backed up to {made.file}: {format_bytes(made.size, 'en')}, {_what(made)}.")
    for path in made.removed:
        typer.echo(f"Removed {path}.")
    typer.echo(
        f"The key file {app.config.key_path} is not in it: keep a copy of that in another place. Without it sealed values "
        "(Ki, PINs, tokens) cannot be read and the activity log cannot be verified; with both anybody can read all."
    )
    if problem := record_made(app, made):
        typer.echo(f"The activity log does not tell of it: {problem}", err=True)
    app.close()


def restore(
    file: Annotated[Path, typer.Argument(help="What `trunkline backup` wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put aside what is there; a database on PostgreSQL is overwritten."),
    ] = False,
) -> None:
    """Put a backup back into an empty data folder and database, after everything in it was checked."""
    from trunkline.backup.records import record_restored
    from trunkline.backup.restoring import restore as put_back
    from trunkline.cli import config_file, load_config

    config = load_config()
    done = put_back(config, config_file(), file, replace=replace)
    manifest = done.manifest
    typer.echo(
        f"Restored to {config.data}: {len(manifest.members)} files of {manifest.made_at:%Y-%m-%d %H:%M} UTC, "
        f"made by Trunkline {manifest.version}."
    )
    if problem := record_restored(config, done):
        typer.echo(f"The activity log does not tell of it: {problem}", err=True)
    for step in _next_steps(config, done):
        typer.echo(f"- {step}")


def _what(made: "Made") -> str:
    said = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[made.manifest.database]
    files = len(made.manifest.members)
    return f"{said} {made.manifest.database_version} and {files - 1} files"


def _next_steps(config: "Config", done: "Restored") -> list[str]:
    steps = []
    if done.aside is not None:
        steps.append(f"What was there lies in {done.aside}. Delete it when nobody misses anything.")
    if done.configuration is not None:
        steps.append(f"The configuration of then is {done.configuration}; the one in force was not touched.")
    if done.key_fits is None:
        steps.append(
            f"Put the key file of then at {config.key_path} BEFORE anything starts: the first start would make a new one."
        )
    elif not done.key_fits:
        steps.append(
            f"The key file {config.key_path} is not the one of then: sealed values cannot be read. Replace it."
        )
    if done.manifest.database == "postgresql":
        steps.append("Grant rights to other roles again, and run `trunkline migrate`.")
    steps.append(
        "Jobs and mail that waited then are done as soon as a worker runs: look first with `trunkline serve --no-worker`."
    )
    steps.append(
        "Run `trunkline doctor`, which says what is wrong; `trunkline search rebuild` only if it says so."
    )
    return steps
