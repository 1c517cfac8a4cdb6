"""`trunkline customer …`."""

from typing import Annotated

import typer

customer_app = typer.Typer(help="Customers.", no_args_is_help=True)


@customer_app.command()
def erase(
    number: Annotated[str, typer.Argument(help="The customer's number.")],
    confirm: Annotated[str, typer.Option(help="The number again; asked for when it is not given.")] = "",
) -> None:
    """Erase a customer's personal data for ever. Exit status 2 when something stands in the way.

    On PostgreSQL run it as the tables' owner where the application may not delete from the activity log.
    """
    from trunkline.app import App
    from trunkline.cli import load_config, written
    from trunkline.customers.erasing.operations import erase as erase_customer
    from trunkline.customers.erasing.queries import preview
    from trunkline.customers.erasing.schemas import EraseCustomer

    app = App.start(load_config())
    with app.reading() as ctx:
        told = preview(ctx, number)
    for part in told.parts:
        typer.echo(f"{part.what}: {part.rows} {part.fate}{f' until {part.until}' if part.until else ''}")
    for one in told.hindrances:
        typer.echo(f"{one.reason} {one.remedy}")
    if not told.hindrances:
        typed = confirm or typer.prompt("Nobody can undo this. The customer's number")
        written(app, lambda ctx: erase_customer(ctx, number, EraseCustomer(confirm=typed)))
        typer.echo(f"{told.pseudonym}.")
    app.close()
    raise typer.Exit(2 if told.hindrances else 0)


@customer_app.command()
def finish() -> None:
    """Erase what was kept of erased customers and whose term is over, as the worker does each day where it may."""
    from trunkline.app import App
    from trunkline.cli import load_config, written
    from trunkline.customers.erasing.operations import look_again

    app = App.start(load_config())
    written(app, look_again)
    app.close()
