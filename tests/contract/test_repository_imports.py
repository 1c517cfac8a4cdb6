"""Who may import what: read from the sources, so that a new plugin is held to it without being listed."""

import ast
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
#: The modules of a plugin that others may use; everything else may change in any release.
#: `events` are what hooks are called with, so their types are offered too.
PUBLIC = {"events", "operations", "queries", "schemas"}
#: The longest module that can still be read in one go.
LONGEST = 500


def _imported(source: Path) -> Iterator[str]:
    """Yield the dotted name of everything that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(source.read_text(), str(source))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _project(wheel: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((wheel / "pyproject.toml").read_text())["project"]
    return project


def _required(plugin: Path) -> set[str]:
    return {Requirement(line).name.replace("-", "_") for line in _project(plugin)["dependencies"]}


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


@pytest.mark.parametrize("wheel", [ROOT / "core", *PLUGINS], ids=lambda path: path.name)
def test_a_wheel_declares_what_it_imports(wheel: Path) -> None:
    """What is there only because something else needs it disappears with that.

    What core declares is part of what it offers to plugins: tables, schemas and routes are written with it.
    """
    manifests = (_project(wheel), _project(ROOT / "core"))
    declared = {
        canonicalize_name(Requirement(line).name)
        for one in manifests
        for line in [*one["dependencies"], *chain(*one.get("optional-dependencies", {}).values())]
    }
    own = canonicalize_name(_project(wheel)["name"])
    providers = metadata.packages_distributions()
    borrowed = set()
    for source in wheel.glob("trunkline*/**/*.py"):
        for name in {name.partition(".")[0] for name in _imported(source)}:
            owners = {canonicalize_name(owner) for owner in providers.get(name, ())}
            if owners and own not in owners and not owners & declared:
                borrowed.add(f"{source.relative_to(ROOT)} imports {name} of {', '.join(sorted(owners))}")
    assert borrowed == set()


def test_no_module_is_too_long_to_read() -> None:
    sources = [*ROOT.glob("core/trunkline/**/*.py"), *ROOT.glob("plugins/*/trunkline_*/**/*.py")]
    # A first migration lists every table; it is written by autogenerate and read by nobody twice.
    written = [path for path in sources if path.parent.name != "migrations"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in written}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}
