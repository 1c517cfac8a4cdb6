"""`trunkline signing-keys …`."""

from typing import Annotated

import typer

signing_keys_app = typer.Typer(help="The keys that sign access tokens of the REST API.", no_args_is_help=True)


@signing_keys_app.command("list")
def list_them() -> None:
    """Print every key: its name, whether it signs or verifies, and until when."""
    from trunkline.auth.signing_keys.tables import list_keys
    from trunkline.cli import open_app

    app = open_app()
    with app.reading() as ctx:
        for row in ctx.session.execute(list_keys(ctx).order_by("id")).mappings():
            until = f" until {row['verifies_until']:%Y-%m-%d %H:%M} UTC" if row["verifies_until"] else ""
            typer.echo(f"{row['kid']}  {row['algorithm']}  {row['state']}{until}")
    app.close()


@signing_keys_app.command()
def rotate(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="End every token signed so far: a private key was seen.")
    ] = False,
) -> None:
    """Let a fresh key sign; tokens of the old one stay valid until they are over."""
    from trunkline.auth.signing_keys import operations
    from trunkline.cli import open_app, written

    app = open_app()
    kid = written(app, lambda ctx: operations.rotate(ctx, at_once=at_once).kid)
    typer.echo(f"{kid} signs from now on.")
    app.close()
