"""`trunkline plugin …`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.plugin_life.belongings import Belongings

plugin_app = typer.Typer(
    help="Plugins: what is installed, switched on, and kept in the database.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The plugin's short name, as in `trunkline plugin list`.")]


def _app() -> "App":
    """The assembled system, whatever state its schema and its plugins are in."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.cli import load_config
    from trunkline.jobs.wake import Silent

    return App.start(load_config(strict_plugins=False), waker=Silent())


@plugin_app.command("list")
def list_plugins() -> None:
    """Every plugin and extension script: name, state, version, summary; and tables that nobody uses."""
    from trunkline.db.migrate import orphan_tables

    app = _app()
    statuses = list(app.loaded.statuses.values())
    width = max((len(status.name) for status in statuses), default=0)
    for status in statuses:
        version = status.version or "–"
        typer.echo(
            f"{status.name:{width}}  {status.state:12}  {version:8}  {status.error or status.summary}".rstrip()
        )
    for name, tables in orphan_tables(app).items():
        typer.echo(
            f"\n{name} is not enabled and has tables: {', '.join(tables)}. Remove them: trunkline plugin purge {name}"
        )


@plugin_app.command()
def check(
    name: Annotated[
        str, typer.Argument(help="One plugin, enabled or not; without it every enabled one.")
    ] = "",
) -> None:
    """Try plugins against the contract on a scratch database. Exit status 1 when one breaks it."""
    from trunkline.plugin_life.contract import check as check_contract

    app, bad = _app(), False
    names = (
        [name]
        if name
        else [s.name for s in app.loaded.statuses.values() if not s.is_extension and s.state != "disabled"]
    )
    for one in names:
        problems = check_contract(app, one)
        bad = bad or bool(problems)
        typer.echo(f"{one}: {f'{len(problems)} problems' if problems else 'keeps the contract'}")
        for problem in problems:
            typer.echo(f"  {problem}")
    raise typer.Exit(1 if bad else 0)


@plugin_app.command()
def new(
    name: Annotated[str, typer.Argument(help="Short lower-case name: cell_towers.")],
    folder: Annotated[Path, typer.Option(help="Where the plugin's folder is made.")] = Path(),
) -> None:
    """Write a new plugin that works and has tests, to be changed into yours."""
    from trunkline.scaffold import scaffold

    target = scaffold(name, folder)
    typer.echo(f"{target} is a whole plugin. Next:")
    typer.echo(f"  uv pip install -e {target}      (or: pip install -e {target})")
    typer.echo(f"  trunkline plugin enable {name}")
    typer.echo(f"  trunkline plugin check {name}")


@plugin_app.command()
def enable(name: Name) -> None:
    """Switch a plugin on, and what it requires, in the configuration file. It runs from the next start."""
    from trunkline.cli import config_file, load_config
    from trunkline.plugin_life.configuration import enable as enable_in

    path = config_file()
    added = enable_in(path, load_config(), name)
    if not added:
        typer.echo(f"{name} is enabled already.")
        return
    typer.echo(
        f"Enabled in {path}: {', '.join(added)}. Restart to use it; on PostgreSQL run `trunkline migrate` before."
    )


@plugin_app.command()
def disable(
    name: Name,
    with_dependants: Annotated[bool, typer.Option(help="Switch off those that require it, too.")] = False,
) -> None:
    """Switch a plugin off in the configuration file. Its data stay until it is purged."""
    from trunkline.cli import config_file, load_config
    from trunkline.plugin_life.configuration import disable as disable_in

    path = config_file()
    gone = disable_in(path, load_config(), name, with_dependants=with_dependants)
    typer.echo(f"Disabled in {path}: {', '.join(gone)}. It ends with the next restart; its data stay.")


@plugin_app.command()
def purge(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a disabled plugin's tables, settings, permissions, search documents and waiting jobs, after asking."""
    from trunkline.plugin_life import belongings
    from trunkline.plugin_life.operations import purge as purge_plugin
    from trunkline.plugin_life.operations import refuse_while_needed

    app = _app()
    with app.reading() as ctx:
        refuse_while_needed(ctx, name)
        found = belongings.belongings(ctx, name)
    _describe(found)
    if not yes and not typer.confirm(
        f"Delete all of this for good, without a way back but your backup? ({name})"
    ):
        raise typer.Exit(1)
    purge_plugin(app, name)
    typer.echo(f"{name} is purged.")


def _describe(found: "Belongings") -> None:
    if found.is_empty:
        typer.echo(f"{found.name} has nothing in the database.")
    for table, rows in found.tables.items():
        typer.echo(f"  table {table}: {rows} rows")
    for what, rows in found.rows.items():
        if rows:
            typer.echo(f"  {what}: {rows}")
    if found.waiting:
        typer.echo(f"  waiting jobs, which will be cancelled: {', '.join(found.waiting)}")
