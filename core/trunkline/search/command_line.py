"""`trunkline search …`."""

import typer

search_app = typer.Typer(help="The search index.", no_args_is_help=True)


@search_app.callback()
def _several() -> None:
    """Without this the only command would swallow its own name."""


@search_app.command()
def rebuild() -> None:
    """Build the search index anew, in short steps beside the running system."""
    from trunkline.cli import open_app
    from trunkline.search.indexing import rebuild

    app = open_app()

    def progress(kind: str, done: int, of: int) -> None:
        typer.echo(f"{kind}: {done:,} of {of:,}", err=True)

    typer.echo(f"{rebuild(app, progress):,} entries indexed.")
    app.close()
