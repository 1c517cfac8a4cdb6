"""The command line. Each command opens what it needs and no more; heavy parts are imported inside."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from trunkline.activity.commands import activity_app
from trunkline.auth.signing_keys.commands import signing_keys_app
from trunkline.backup.commands import backup, restore
from trunkline.customers.erasing.commands import customer_app
from trunkline.errors import TrunklineError
from trunkline.plugin_life.cli import plugin_app
from trunkline.search.command_line import search_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.operation import Context

T = TypeVar("T")

cli = typer.Typer(
    name="trunkline",
    help="Trunkline: customers, services, provisioning, charging and billing of a telecom operator.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
cli.add_typer(user_app, name="user")
dev_app = typer.Typer(help="For people who change Trunkline itself.", no_args_is_help=True)
cli.add_typer(dev_app, name="dev")
cli.add_typer(plugin_app, name="plugin")
cli.add_typer(activity_app, name="activity")
cli.add_typer(customer_app, name="customer")
cli.add_typer(signing_keys_app, name="signing-keys")
cli.add_typer(search_app, name="search")
cli.command()(backup)
cli.command()(restore)


@dataclass
class _Chosen:
    file: Path | None = None
    data: Path | None = None


_chosen = _Chosen()


@cli.callback()
def _options(
    config: Annotated[
        Path | None, typer.Option(help="Configuration file (default: trunkline.toml here).")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder, over the configuration's.")] = None,
) -> None:
    _chosen.file, _chosen.data = config, data


def load_config(**overrides: object) -> "Config":
    """The configuration of this invocation."""
    from trunkline.config import Config

    return Config.load(_chosen.file, **{"data": _chosen.data, **overrides})


def config_file() -> Path:
    """The configuration file of this invocation, whether it exists or not."""
    from trunkline.config import CONFIG_FILE

    return _chosen.file or Path(os.environ.get("TRUNKLINE_CONFIG") or CONFIG_FILE)


def open_app() -> "App":
    """The assembled system with its schema up to date; see `trunkline.setup.ready_app`."""
    from trunkline.setup import ready_app

    return ready_app(load_config())


def written(app: "App", do: "Callable[[Context], T]") -> T:
    """What `do` returns when its transaction is in. It may be done again, and neither asks nor prints anything."""
    from trunkline.db.rings import again

    def once() -> T:
        with app.unit_of_work() as ctx:
            return do(ctx)

    return again(once)


@cli.command()
def version() -> None:
    """Print the version."""
    from trunkline import __version__

    typer.echo(__version__)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Web processes; more than one needs PostgreSQL.")
    ] = None,
    worker: Annotated[bool, typer.Option(help="Run the job worker as well.")] = True,
) -> None:
    """Serve pages and the REST API, and work on jobs."""
    from trunkline.serve import loading_web, supervise

    with loading_web(workers) as early:
        config = load_config(host=host, port=port, workers=workers)
        config.prepare_data_folder()

        def ready() -> None:
            typer.echo(f"Trunkline is ready at http://{config.host}:{config.port}/", err=True)

        raise typer.Exit(supervise(config, _chosen.file, with_worker=worker, ready=ready, web=early))


@cli.command(hidden=True)
def web() -> None:
    """The web process alone."""
    from trunkline.serve import serve_web

    serve_web(load_config())


@cli.command()
def worker(with_parent: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Work on jobs, deliver events and run scheduled work, until told to stop."""
    from trunkline.assembling import assembling

    with assembling():
        from trunkline.jobs.worker import work
        from trunkline.logs import configure_logging

    configure_logging()
    work(load_config(), with_parent=with_parent)


@cli.command()
def migrate() -> None:
    """Bring the database schema up to date."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.setup import prepare

    app = App.start(load_config())
    changed = prepare(app)
    typer.echo(f"Migrated: {', '.join(changed)}." if changed else "The schema is up to date.")


@cli.command()
def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder of the demo's data.")] = Path("demo-data"),
    scale: Annotated[float, typer.Option(help="1 is 500 customers.")] = 1.0,
    serve: Annotated[bool, typer.Option(help="Serve it when it is made.")] = True,
) -> None:
    """A believable operator with sample data; prints address and sign-ins."""
    from trunkline.demo.run import demo as run_demo

    raise typer.Exit(run_demo(host=host, port=port, data=data, scale=scale, serve=serve))


@cli.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="customers, inventory, tariff, cdr …")],
    file: Annotated[Path, typer.Argument(help="The file.")],
    format: Annotated[str, typer.Option(help="The file's format.")] = "csv",  # noqa: A002 — the name people type
    template: Annotated[str, typer.Option(help="Inventory template (sim, number …).")] = "",
    tariff: Annotated[str, typer.Option(help="Name of the tariff.")] = "",
    currency: Annotated[str, typer.Option(help="Currency of the tariff (ISO 4217).")] = "",
    source: Annotated[str, typer.Option(help="Where usage records come from.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Check everything and keep nothing.")] = False,
) -> None:
    """Bring a file in. Exit status: 0 all in, 1 some refused, 2 nothing done."""
    from trunkline.imports.importer import ImportOptions
    from trunkline.imports.run import import_file

    options = ImportOptions(dry_run, format, template, tariff, currency, source)
    raise typer.Exit(import_file(open_app(), kind, file, options, typer.echo))


@user_app.command("create")
def user_create(
    email: Annotated[str, typer.Argument(help="E-mail address, which is also the sign-in name.")],
    role: Annotated[str, typer.Option(help="Role, as named on the roles page.")] = "administrator",
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    password: Annotated[
        str,
        typer.Option(
            envvar="TRUNKLINE_NEW_PASSWORD",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="Asked for when left out.",
        ),
    ] = "",
) -> None:
    """Create a staff user who can sign in at once."""
    from trunkline.auth.operations import create_staff_user

    user = create_staff_user(open_app(), email, role, password, name=name)
    typer.echo(f"{user.email} can sign in as {role}.{f' Set a password at {user.link}' if user.link else ''}")


@user_app.command("reset-2fa")
def user_reset_second_factor(
    email: Annotated[str, typer.Argument(help="E-mail address of who lost the second factor.")],
) -> None:
    """Take every second factor from somebody who lost theirs, end their sessions and mail them about it."""
    from trunkline.auth.second_factor.operations import reset_by_email

    user = written(open_app(), lambda ctx: reset_by_email(ctx, email))
    typer.echo(
        f"{user.email} signs in without a second factor now, and sets up a new one where a role demands it."
    )


@cli.command()
def doctor() -> None:
    """Say what is wrong with this installation and how to mend it."""
    from trunkline.health import reports
    from trunkline.plugin import Health

    app, worst = open_app(), 0
    with app.reading() as ctx:
        for plugin, report in reports(ctx):
            sign = {Health.OK: "ok     ", Health.WARNING: "warning", Health.FAILED: "FAILED "}[report.health]
            worst = max(worst, 0 if report.health is Health.OK else 1)
            remedy = f"  → {report.remedy}" if report.remedy and report.health is not Health.OK else ""
            typer.echo(f"{sign}  {plugin}: {report.name}: {report.detail}{remedy}")
    for status in app.loaded.statuses.values():
        if status.error:
            worst = 1
            typer.echo(f"FAILED   plugin {status.name}: {status.error}")
    raise typer.Exit(worst)


@dev_app.command("migration")
def dev_migration(
    name: str,
    message: Annotated[str, typer.Option("-m")] = "initial",
    replace: Annotated[
        bool, typer.Option(help="Write the newest one anew; only while it is unreleased.")
    ] = False,
) -> None:
    """Write the next migration of a plugin (or core) from its models, on a scratch database."""
    import tempfile

    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.db.migrate import drop_newest, make_revision, upgrade
    from trunkline.jobs.wake import Silent

    with tempfile.TemporaryDirectory() as folder:
        app = App.start(
            load_config(data=Path(folder), database=f"sqlite:///{folder}/scratch.db"), waker=Silent()
        )
        if replace:
            drop_newest(app, name)
        upgrade(app)
        typer.echo(make_revision(app, name, message))
        app.close()


@dev_app.command("messages")
def dev_messages() -> None:
    """Bring the catalogues of core and of every enabled plugin in step with what their source says.

    Ends with status 1 when translations are missing, and says how many in which.
    """
    from trunkline.app import App
    from trunkline.catalogues import TRANSLATED, update
    from trunkline.jobs.wake import Silent

    app, lacking = App.start(load_config(), waker=Silent()), 0
    for folder in app.package_folders():
        for language in TRANSLATED:
            if missing := update(folder, language):
                typer.echo(f"{folder.name} {language}: {missing} to translate")
                lacking += missing
    app.close()
    raise typer.Exit(1 if lacking else 0)


def _plugin_commands() -> None:
    """Add the commands of enabled plugins; a configuration that cannot be read is reported by the command itself."""
    from trunkline import trunk
    from trunkline.config import Config
    from trunkline.hooks import Hooks
    from trunkline.loader import load

    try:
        config = Config.load(_file_argument())
        hooks = Hooks()
        load(config.plugins, config.extension_folder, hooks, trunk)
    except TrunklineError:
        return
    for _ in hooks.each("cli", app=cli):
        pass


def _file_argument() -> Path | None:
    arguments = sys.argv[1:]
    for position, argument in enumerate(arguments):
        if argument == "--config" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
        if argument.startswith("--config="):
            return Path(argument.partition("=")[2])
    return None


#: Commands that need no plugin, so that they start fast.
_QUICK = {
    "version",
    "web",
    "worker",
    "serve",
    "migrate",
    "demo",
    "dev",
    "user",
    "import",
    "plugin",
    "doctor",
    "search",
    "activity",
    "customer",
    "backup",
    "restore",
}


def main() -> None:
    """Entry point. An error made for people is printed as one, with exit status 2."""
    words = sys.argv[1:]
    try:
        if _QUICK.isdisjoint(words):
            _plugin_commands()
        cli()
    except TrunklineError as error:
        typer.echo(f"trunkline: {error}", err=True)
        sys.exit(2)
    except Exception as error:
        from trunkline.db.rings import broken_off

        if not broken_off(error):
            raise
        typer.echo(
            "trunkline: Others changed the same at that moment, and the database broke this command off. Nothing of the "
            "transaction it was in is saved. Run the command again.",
            err=True,
        )
        sys.exit(2)


if __name__ == "__main__":
    # Run by `python -m`, this module exists twice; plugins' commands import the other one, which must know the options.
    from trunkline.cli import main as run

    run()
