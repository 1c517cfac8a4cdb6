"""The table of requirements names proofs that are there."""

import ast
import re
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \|(.*)\|$", re.MULTILINE)
_PROOF = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def _rows() -> dict[str, list[str]]:
    text = (_ROOT / "docs/security.md").read_text()
    found = _ROW.findall(text)
    assert len({number for number, _rest in found}) == len(found), "a requirement stands there twice"
    return {number: [cell.strip() for cell in rest.split(" | ")] for number, rest in found}


@cache
def _tests_in(path: str) -> frozenset[str]:
    tree = ast.parse((_ROOT / "tests" / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_proof_that_the_document_names_is_there() -> None:
    gone = [
        f"{number}: {path}::{name}"
        for number, cells in _rows().items()
        for path, name in _PROOF.findall(cells[-1])
        if not (_ROOT / "tests" / path).is_file() or name not in _tests_in(path)
    ]
    assert not gone, "\n".join(gone)


def test_every_requirement_has_a_proof_or_says_why_not() -> None:
    rows = _rows()
    assert len(rows) > 100
    assert {number.partition(".")[0] for number in rows} == {str(chapter) for chapter in range(1, 17)}
    bare = {number for number, cells in rows.items() if not _PROOF.search(cells[-1])}
    plain = {number for number, cells in rows.items() if "*" in cells[1]}
    # Nothing to prove: what is not here.
    assert bare - plain == {"6.4.2"}
