"""`trunkline playbook …`"""

from pathlib import Path
from typing import Annotated

import typer

playbook = typer.Typer(help="Playbooks that carry out orders.", no_args_is_help=True)


@playbook.callback()
def _group() -> None:
    """Keeps `check` a word of its own while it is the only command."""


@playbook.command("check")
def check(
    path: Annotated[Path, typer.Argument(help="A .yml file, a playbook's folder, or a playbook's name.")],
) -> None:
    """Check that playbooks can be run: YAML, rules, Ansible's own syntax check. Prints FILE:LINE: MESSAGE of each problem.

    What could be better is printed as a warning. Exit status 1 when there is a problem, 2 when there is no file.
    """
    from trunkline.errors import TrunklineError
    from trunkline_provisioning.checking import check_playbook, findings, undo_of
    from trunkline_provisioning.hinting import hints
    from trunkline_provisioning.syntax_check import SyntaxCheck

    path = _found(path)
    # A collection lies beside the playbooks that use it, or above them.
    collections = tuple(
        folder for folder in path.resolve().parents if (folder / "ansible_collections").is_dir()
    )
    try:
        problems = check_playbook(path.resolve(), SyntaxCheck(collections))
    except TrunklineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    for problem in problems:
        typer.echo(str(problem))
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path]
    for file in files:
        for finding in findings(file):
            if finding.level == "warning":
                typer.echo(f"{file}:{finding.line}: warning: {finding.message}")
    if problems:
        raise typer.Exit(1)
    whole = {file.name: file.read_text(errors="replace") for file in files} if path.is_dir() else {}
    for file in files:
        for finding in hints(whole, file.stem):
            typer.echo(f"{file}:{finding.line}: warning: {finding.message}")
    words = {file.stem for file in files}
    for word in sorted(words if path.is_dir() else ()):
        if (undo := undo_of(word)) and undo not in words:
            typer.echo(f"{path}: warning: no {undo}.yml: what {word}.yml did would stay after a failure.")
    typer.echo(f"{path}: no problem.")


def _found(path: Path) -> Path:
    """The path as it was typed, or the playbook of that name: the operator's, else the one of this wheel."""
    from trunkline.cli import load_config
    from trunkline_provisioning.runner import COLLECTIONS

    if path.exists() or len(path.parts) != 1:
        return path
    named = (folder / path for folder in (load_config().playbook_folder, COLLECTIONS / "playbooks"))
    return next((folder for folder in named if folder.is_dir()), path)
