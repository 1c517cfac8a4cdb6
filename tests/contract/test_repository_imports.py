"""Who may import what: read from the sources, so that a new plugin is held to it without being listed."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
#: The modules of a plugin that others may use; everything else may change in any release.
PUBLIC = {"operations", "queries", "schemas"}
#: The longest module that can still be read in one go.
LONGEST = 500


def _imported(source: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(source.read_text(), str(source))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _required(plugin: Path) -> set[str]:
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    return {Requirement(line).name.replace("-", "_") for line in project["dependencies"]}


def test_core_imports_no_plugin() -> None:
    for source in ROOT.glob("core/trunkline/**/*.py"):
        found = [name for name in _imported(source) if name.startswith("trunkline_")]
        assert not found, f"{source.relative_to(ROOT)} imports {found}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_uses_only_what_others_offer_and_what_it_requires(plugin: Path) -> None:
    own, required = f"trunkline_{plugin.name}", _required(plugin)
    for source in plugin.glob(f"{own}/**/*.py"):
        for name in _imported(source):
            package, _, rest = name.partition(".")
            if not package.startswith("trunkline_") or package == own:
                continue
            place = source.relative_to(ROOT)
            assert package in required, f"{place}: {package} is not among the dependencies of {own}"
            assert rest.split(".")[0] in PUBLIC, f"{place} imports {name}; only {sorted(PUBLIC)} are offered"


def test_no_module_is_too_long_to_read() -> None:
    sources = [*ROOT.glob("core/trunkline/**/*.py"), *ROOT.glob("plugins/*/trunkline_*/**/*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}
