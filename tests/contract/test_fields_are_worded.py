"""Whatever the activity log can name, a column or a detail of an operation, is a message that catalogues translate."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel
from sqlalchemy import inspect

import trunkline.models  # noqa: F401 — every table of core
from trunkline.activity.recording import _BOOKKEEPING
from trunkline.activity.words import label_of
from trunkline.catalogues import said_in
from trunkline.db.base import UNLOGGED, Record
from trunkline_catalog.schemas.changes import Previous
from trunkline_catalog.schemas.products import Allowance, Member, Parameter, SuspensionTerms
from trunkline_inventory.schemas import TemplateField
from trunkline_provisioning.network_audit.schemas import NetworkDifference
from trunkline_provisioning.rollouts.schemas import RolloutLimits, RolloutWish

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "trunkline"
PACKAGES = (CORE, *sorted(path.parent for path in (ROOT / "plugins").glob("*/trunkline_*/plugin.py")))

#: What audited tables keep in a column as JSON; the log names each of its fields.
KEPT_AS_JSON: tuple[type[BaseModel], ...] = (
    Allowance,
    Member,
    NetworkDifference,
    Parameter,
    Previous,
    RolloutLimits,
    RolloutWish,
    SuspensionTerms,
    TemplateField,
)
_NOTES = {"note", "note_each"}
_PLACES = {"note": {"subject", "label"}, "note_each": {"subjects"}}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _messages(package: Path) -> frozenset[str]:
    """What the package says. Core's catalogues are there wherever a plugin is."""
    said = {str(message.id) for message in said_in(package) if message.id and not message.context}
    return frozenset(said if package == CORE else said | _messages(CORE))


def _import_tables(package: Path) -> None:
    for path in package.rglob("*.py"):
        if "table=True" in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))


def _audited(of: type[Record] = Record) -> Iterator[type[Record]]:
    for model in of.__subclasses__():
        if hasattr(model, "__table__") and not getattr(model, "__unaudited__", False):
            yield model
        yield from _audited(model)


def _of(package: Path, thing: type | ModuleType) -> bool:
    return str(thing.__module__).partition(".")[0] == package.name


def _columns(package: Path) -> Iterator[tuple[str, str]]:
    """(name, where) of each column that the log shows before and after."""
    _import_tables(package)
    for model in _audited():
        if _of(package, model):
            for attribute in inspect(model).column_attrs:
                if attribute.key not in _BOOKKEEPING and UNLOGGED not in attribute.columns[0].info:
                    yield attribute.key, f"{model.__name__}.{attribute.key}"
    for kept in KEPT_AS_JSON:
        if _of(package, kept):
            yield from ((name, f"{kept.__name__}.{name}") for name in kept.model_fields)


def _details(package: Path) -> Iterator[tuple[str, str]]:
    """(name, where) of each detail that an operation notes."""
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if ".note" not in text and ".details" not in text:
            continue
        tree = ast.parse(text)
        functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
        passing = {function.name: function for function in functions if _passes_details_on(function)}
        for function in functions:
            for name, line in _noted_in(function, passing):
                yield name, f"{path.relative_to(package.parent)}:{line}"


def _passes_details_on(function: Function) -> bool:
    """Whether it notes what its callers give it beside its own parameters."""
    rest = function.args.kwarg
    return rest is not None and any(
        isinstance(call, ast.Call)
        and _called(call) in _NOTES
        and any(
            word.arg is None and isinstance(word.value, ast.Name) and word.value.id == rest.arg
            for word in call.keywords
        )
        for call in ast.walk(function)
    )


def _noted_in(function: Function, passing: dict[str, Function]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign) and _is_details(node.target):
            yield from ((name, node.lineno) for name in _keys(node.value))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_details(node.value):
            if isinstance(node.slice, ast.Constant):
                yield str(node.slice.value), node.lineno
        elif isinstance(node, ast.Call):
            yield from ((name, node.lineno) for name in _noted_by(node, function, passing))


def _noted_by(call: ast.Call, function: Function, passing: dict[str, Function]) -> Iterator[str]:
    name = _called(call)
    if name in _NOTES and isinstance(call.func, ast.Attribute):
        own = _PLACES[name]
    elif name in passing and isinstance(call.func, ast.Name):
        args = passing[name].args
        own = {argument.arg for argument in (*args.args, *args.kwonlyargs)}
    elif name == "update" and isinstance(call.func, ast.Attribute) and _is_details(call.func.value):
        own = set()
    else:
        return
    for word in call.keywords:
        if word.arg is None and isinstance(word.value, ast.Name):
            yield from _assigned(word.value.id, function)
        elif word.arg not in own:
            if word.arg is not None:
                yield word.arg
            yield from _keys(word.value)


def _assigned(name: str, function: Function) -> Iterator[str]:
    """The keys of what the function gives a name of its own."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            yield from _keys(node.value)


def _keys(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Dict):
            yield from (str(key.value) for key in node.keys if isinstance(key, ast.Constant))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_details(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "details"


def _unworded(named: Iterator[tuple[str, str]], package: Path) -> list[str]:
    found = {
        f"{where}: {label_of(name)!r}" for name, where in named if label_of(name) not in _messages(package)
    }
    return sorted(found)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_columns_that_the_log_shows_are_messages(package: Path) -> None:
    assert _unworded(_columns(package), package) == [], "name them in the package's field_words.py"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_details_that_operations_note_are_messages(package: Path) -> None:
    assert _unworded(_details(package), package) == [], "name them in the package's field_words.py"


def test_details_are_found_however_they_are_noted() -> None:
    tree = ast.parse("""
def tell(ctx, row, what, **details):
    ctx.note(row, label=what, count=1, **details)
def do(ctx, running):
    whose = {"reseller": 1} if ctx else {}
    tell(ctx, 1, "x", stock=2)
    ctx.note_each([], size={"width": 1}, **whose)
    running.details.update(read=1)
    running.details |= {"approved": 1}
    running.details["emergency"] = True
    ctx.app.tell(colour=1)
""")
    functions = [node for node in tree.body if isinstance(node, Function)]
    passing = {function.name: function for function in functions if _passes_details_on(function)}
    found = {name for function in functions for name, _line in _noted_in(function, passing)}
    assert found == {"count", "stock", "size", "width", "reseller", "read", "approved", "emergency"}
