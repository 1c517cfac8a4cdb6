"""`trunkline billing …`"""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

billing = typer.Typer(help="Billing runs, quotes, rate decks.", no_args_is_help=True)


@billing.command("run")
def run(
    until: Annotated[
        str,
        typer.Option(
            help="Invoice the months that are over before this day (default: today), as 2026-11-01."
        ),
    ] = "",
) -> None:
    """Charge and invoice every month that is over and was not run to its end.

    Interrupted anywhere, the next call goes on; nobody gets two invoices for a month.
    """
    from datetime import date

    from trunkline.cli import open_app
    from trunkline.errors import TrunklineError
    from trunkline_billing import operations

    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        typer.echo(f"--until: “{until}” is no day such as 2026-11-01.", err=True)
        raise typer.Exit(2) from None
    app = open_app()
    try:
        with app.reading() as ctx:
            periods = operations.due_periods(ctx, day)
        for period in periods:
            typer.echo(f"{period}: {operations.run_period(app, period)} invoices")
    except TrunklineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    finally:
        app.close()
    if not periods:
        typer.echo("Every month that is over was run.")


@billing.command("quote")
def quote_use(
    tariff: Annotated[str, typer.Option(help="Name of the tariff.")],
    to: Annotated[str, typer.Option(help="The number called, with country code.")] = "",
    usage: Annotated[str, typer.Option(help="Such as 45s, 3m, 20MB or 2.")] = "60s",
    type: Annotated[str, typer.Option(help="voice, sms, data or event.")] = "voice",  # noqa: A002 — the name people type
    at: Annotated[str, typer.Option(help="ISO 8601 with zone; now unless given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a use would cost, and why."""
    from pydantic import ValidationError

    from trunkline.cli import open_app
    from trunkline.errors import TrunklineError
    from trunkline.money import Money
    from trunkline_billing.quoting import quote
    from trunkline_billing.schemas import QuoteUsage

    app = open_app()
    try:
        moment = datetime.fromisoformat(at) if at else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"--at: “{at}” has no time zone; end it with Z or an offset such as -03:00.")
        asked = QuoteUsage.model_validate({"to": to or "-", "usage": usage, "type": type, "at": moment})
        with app.reading() as ctx:
            found = quote(ctx, tariff, asked)
    except (TrunklineError, ValidationError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    finally:
        app.close()
    segments = [
        {
            "prefix": segment.prefix,
            "destination": segment.destination,
            "quantity": segment.quantity,
            "charged_quantity": segment.charged_quantity,
            "cost": str(Money(segment.cost_micros, found.cost.currency)),
        }
        for segment in found.segments
    ]
    if as_json:
        typer.echo(
            json.dumps({"cost": str(found.cost), "currency": found.cost.currency, "segments": segments})
        )
        return
    for segment in segments:
        typer.echo(
            f"{segment['prefix'] or '*'}  {segment['destination']}  {segment['charged_quantity']}  {segment['cost']}"
        )
    typer.echo(f"{found.cost} {found.cost.currency}")


@billing.command("deck")
def deck(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    effective_from: Annotated[str, typer.Option(help="First day of the rates.")] = "2026-01-01",
) -> None:
    """Write an A–Z rate deck with every country's true prefixes and invented prices, to try the import with."""
    import csv

    from trunkline.demo.deck import COLUMNS, rate_deck

    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            count = 0
            for row in rate_deck(effective_from):
                writer.writerow(row)
                count += 1
    except OSError as error:
        typer.echo(f"{out} cannot be written: {error.strerror}.", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out}: {count} rates")
