"""The documents lead somewhere: links, anchors, commands, and a page for each role."""

import re
from pathlib import Path

import pytest
import typer

from tests.contract.clean_room import ROOT
from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App

DOCUMENTS = [
    path
    for folder, pattern in ((ROOT, "*.md"), (ROOT / "docs", "*.md"), (ROOT / "examples", "*.md"))
    for path in sorted(folder.glob(pattern))
]
#: What `run` does itself; everything else goes to `trunkline`.
_OF_RUN = {"test", "check", "bench", "assets", "lock"}


def _anchors(path: Path) -> set[str]:
    """Headings as links name them: lower case, without signs, with dashes for blanks."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        name, _hash, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


def _commands(program: typer.Typer) -> set[str]:
    return set(getattr(typer.main.get_command(program), "commands", {}))


def test_every_command_of_the_documents_exists(app: App) -> None:
    from trunkline.cli import cli

    of_plugins = typer.Typer()
    for _plugin in app.hooks.each("cli", app=of_plugins):
        pass
    known = {*_OF_RUN, *_commands(cli), *_commands(of_plugins)}
    named = {
        word
        for document in DOCUMENTS
        for word in re.findall(r"\./run ([a-z][a-z-]*)", document.read_text(encoding="utf-8"))
    }
    assert sorted(named - known) == []


def test_every_role_is_in_the_index_of_the_documents() -> None:
    text = (ROOT / "docs/README.md").read_text(encoding="utf-8").lower()
    missing = [
        role.label
        for role in BUILTIN_ROLES
        if role.audience == "staff"
        and str.__str__(role.label).lower().removesuffix(", reading only") not in text
    ]
    assert missing == []
