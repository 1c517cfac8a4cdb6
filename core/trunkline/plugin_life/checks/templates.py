"""Templates: each compiles, and every template that somebody names is there."""

import ast
from typing import TYPE_CHECKING

import jinja2
from jinja2 import meta

from trunkline.loader import PluginStatus
from trunkline.plugin_life.checks.sources import folder_of, modules
from trunkline.plugin_life.problem import Problem
from trunkline.web.shell import WebApp

if TYPE_CHECKING:
    from trunkline.app import App

AREA = "templates"


def problems(app: "App", status: PluginStatus) -> list[Problem]:
    """Those of the plugin's own folder, which others see under `<plugin>/`, and those that its code renders."""
    folder = folder_of(status) / "templates"
    environment = WebApp(app).environment
    found = []
    if (folder / status.name).is_dir():
        text = f"templates/{status.name}/ would be {status.name}/{status.name}/…: the prefix comes by itself."
        found.append(Problem(AREA, text, "Move its files one folder up."))
    named: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            name = f"{status.name}/{path.relative_to(folder).as_posix()}"
            try:
                tree = environment.parse(path.read_text(encoding="utf-8"), name)
            except jinja2.TemplateSyntaxError as error:
                found.append(Problem(AREA, f"{name}, line {error.lineno}: {error.message}."))
                continue
            named += [(name, other) for other in meta.find_referenced_templates(tree) if other]
    for place, source in modules(status):
        named += [(str(place), text) for text in _template_names(source)]
    for place_name, template in named:
        if not _exists(environment, template):
            text = f"{place_name} names {template}, which is not there."
            found.append(Problem(AREA, text, f"Own templates begin with {status.name}/."))
    return found


def _template_names(tree: ast.Module) -> list[str]:
    """Strings of a module that can only be names of templates."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _looks_like_one(node.value)
    ]


def _looks_like_one(text: str) -> bool:
    return text.endswith(".html") and "/" in text and not any(character in text for character in " :{}*\n")


def _exists(environment: jinja2.Environment, name: str) -> bool:
    try:
        environment.loader.get_source(environment, name)  # type: ignore[union-attr]  # it has a loader
    except jinja2.TemplateNotFound:
        return False
    return True
