"""What an installed plugin calls itself, read without running any of its code: it may be disabled because it does harm."""

import ast
import importlib.util
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import importlib_metadata

from trunkline.i18n.messages import I18n
from trunkline.i18n.reader import current_locale


def said_of_itself(point: importlib_metadata.EntryPoint, what: str) -> str:
    """The `label` or `summary` that the source of an entry point gives its `Plugin`, in the reader's language.

    Empty where the source cannot be read, or does not say.
    """
    return in_own_words(point, _in_source(point).get(what, ""))


def in_own_words(point: importlib_metadata.EntryPoint, message: str) -> str:
    """A message in the reader's language, as the catalogue says it that lies in the plugin's own package."""
    return _translated(point.module.partition(".")[0], current_locale(), message) if message else ""


@lru_cache(maxsize=64)
def _in_source(point: importlib_metadata.EntryPoint) -> Mapping[str, str]:
    path = _source(point.module)
    try:
        tree = ast.parse(path.read_bytes()) if path is not None else None
    except (OSError, SyntaxError, ValueError):
        return {}
    for call in ast.walk(tree) if tree else ():
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Plugin":
            return {one.arg: _text(one.value) for one in call.keywords if one.arg in ("label", "summary")}
    return {}


@lru_cache(maxsize=64)
def _translated(package: str, locale: str, message: str) -> str:
    """Only the words are kept, not the catalogue that says them."""
    try:
        spec = importlib.util.find_spec(package)
        folders = [Path(folder, "locale") for folder in spec.submodule_search_locations or ()] if spec else []
        return I18n(folders).translations(locale).gettext(message)
    except (OSError, ValueError):
        return message


def _source(module: str) -> Path | None:
    """Where a module's source lies. Only the outermost package is looked up: finding one within it would run it."""
    package, *inner = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None:
        return None
    if not inner:
        return Path(spec.origin) if spec.origin else None
    folders = [Path(folder, *inner) for folder in spec.submodule_search_locations or ()]
    found = (path for folder in folders for path in (folder.with_suffix(".py"), folder / "__init__.py"))
    return next((path for path in found if path.is_file()), None)


def _text(value: ast.expr) -> str:
    """A text, written as it is or within one call such as `_("…")`."""
    if isinstance(value, ast.Call) and len(value.args) == 1:
        value = value.args[0]
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
