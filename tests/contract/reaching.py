"""Which operations a handler of a page or of REST reaches, read off its code.

Followed are functions of ours, constants of their modules, what a closure holds, and dataclasses that carry functions.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from types import FunctionType, MethodType, ModuleType
from typing import Any

from trunkline.operation import OPERATIONS
from trunkline.web.form_pages import FormPage

Function = Callable[..., Any]
_NOTHING = object()


def operations_of(handler: Function) -> frozenset[str]:
    """Names (module and function) of the outermost operations that the handler calls, wherever in functions of ours it does."""
    known = {info.function: name for name, info in OPERATIONS.items()}
    found, seen, waiting = set(), set(), [_plain(handler)]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        for other in _named_in(function):
            if other in known:
                found.add(known[other])
            elif _acts(other):
                found.add(f"{other.__module__}.{other.__qualname__}")
            else:
                waiting.append(other)
    return frozenset(found)


def _plain(handler: Function) -> Function:
    owner = getattr(handler, "__self__", None)
    return _plain(owner.handler) if isinstance(owner, FormPage) else handler


@cache
def _named_in(function: Function) -> tuple[FunctionType, ...]:
    """The functions of ours that its body names."""
    tree = _body(function)
    if tree is None:
        return ()
    scope = _scope(function, tree)
    values = (_value(node, scope) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    return tuple(dict.fromkeys(one for value in values for one in _functions(value)))


@cache
def _acts(function: Function) -> bool:
    """Whether it does something by itself: in a unit of work of its own, `with ctx.run("core.user.confirm")`, or by a job."""
    tree = _body(function)
    return tree is not None and any(_is_deed(node) for node in ast.walk(tree))


def _is_deed(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Name):
        return called.id == "enqueue"
    if not isinstance(called, ast.Attribute):
        return False
    named = called.attr == "run" and [type(one) for one in node.args] == [ast.Constant]
    return named or called.attr in ("enqueue", "unit_of_work")


@cache
def _body(function: Function) -> ast.Module | None:
    """The statements of a function, without its decorators and annotations."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        # A lambda in the middle of an expression is no piece of code by itself.
        return None
    [statement] = tree.body
    body = statement.body if isinstance(statement, ast.FunctionDef) else [statement]
    return ast.Module(body, [])


def _scope(function: Function, tree: ast.Module) -> Mapping[str, Any]:
    known = dict(function.__globals__)
    known.update(inspect.getclosurevars(function).nonlocals)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            known.update({one.asname or one.name: getattr(module, one.name, _NOTHING) for one in node.names})
    return known


def _value(node: ast.AST, scope: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return scope.get(node.id, _NOTHING)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, scope)
        if isinstance(owner, FormPage):
            return owner
        if isinstance(owner, ModuleType | type) or _carries(owner):
            return getattr(owner, node.attr, _NOTHING)
    return _NOTHING


def _carries(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type) and _is_ours(type(value).__module__)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The functions of ours that a value is, or holds."""
    if isinstance(value, FormPage):
        value = value.handler
    if isinstance(value, MethodType):
        value = _plain(value) if isinstance(value.__self__, FormPage) else value.__func__
    if isinstance(value, FunctionType):
        if _is_ours(value.__module__):
            yield value
        return
    for one in _held(value):
        if isinstance(one, FunctionType) and _is_ours(one.__module__):
            yield one


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, tuple | list | set | frozenset) else ()


def _is_ours(module: str) -> bool:
    return module.startswith(("trunkline", "tests."))
