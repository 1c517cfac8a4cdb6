"""Every language says everything: a message that a catalogue lacks, or marks as uncertain, fails the build."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.catalogues import TRANSLATED, problems

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ROOT / "core" / "trunkline",
    *sorted(path.parent for path in (ROOT / "plugins").glob("*/trunkline_*/plugin.py")),
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_message_is_translated_and_keeps_its_names(package: Path) -> None:
    found = {language: list(problems(package, language)) for language in TRANSLATED}
    assert found == {language: [] for language in TRANSLATED}, "run `trunkline dev messages`, then translate"


def _unmarked(package: Path) -> Iterator[str]:
    """Words that a module has translated, but that no catalogue gathers: `translate` is for what was marked elsewhere."""
    for module in package.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "translate" and isinstance(node.args[0].value, str):
                yield f"{module.relative_to(package)}:{node.lineno} {node.args[0].value!r}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_words_are_marked_where_they_are_written(package: Path) -> None:
    assert list(_unmarked(package)) == [], "write _(…) around them, so that catalogues gather them"


#: Refusals of commands at a terminal, and what other systems said, which nobody translates.
_OF_COMMANDS = (
    "activity/commands.py",
    "backup/",
    "connection.py",
    "db/",
    "discovery.py",
    "plugin_life/",
    "scaffold/",
    "transports.py",
)
_REFUSALS = {
    "Conflict",
    "Forbidden",
    "NotFound",
    "Refused",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
}


def _said_in_english(package: Path) -> Iterator[str]:
    """What is wrong, or its remedy, as a plain string: every reader would get it in English."""
    for module in package.rglob("*.py"):
        place = str(module.relative_to(package))
        if any(part in place for part in _OF_COMMANDS):
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in _REFUSALS:
                continue
            said = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "remedy")]
            for words in said:
                # Values alone, as in f"{name}: {problem}", are in whatever language they came in.
                parts = words.values if isinstance(words, ast.JoinedStr) else [words]
                texts = [part.value for part in parts if isinstance(part, ast.Constant)]
                if any(character.isalpha() for text in texts for character in str(text)):
                    yield f"{place}:{node.lineno} {ast.unparse(words)}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_refusals_are_said_in_every_language(package: Path) -> None:
    assert list(_said_in_english(package)) == [], "write _(…) around what is wrong and its remedy"
