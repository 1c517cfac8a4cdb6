"""What a playbook reads of a run, looked at when it is planned: a name that the run will lack fails nobody's order half-way.

Only what is read for certain counts: a task with a condition, an expression with `if`, `default` or `is defined` may do without.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trunkline_provisioning.linting import KNOWN, brought_by, leaves, task_lists, words_of

if TYPE_CHECKING:
    from jinja2 import nodes
    from yaml.nodes import MappingNode, Node

#: Where more names may come from, which nobody knows beforehand.
_ELSEWHERE = re.compile(r"\b(include_vars|vars_files|roles|(?:import|include)_(?:tasks|role|playbook))\b")
#: What is known of a run when it is planned.
_ROOTS = frozenset(
    {"customer", "service", "product", "line", "picks", "parameters", "previous", "elements", "hlr"}
)
_DOES_WITHOUT = ("default", "d")
#: Ansible reads them late, if at all.
_LATE = frozenset({"name", "vars", "loop_control"})


@dataclass(frozen=True)
class Reading:
    """One name that a file reads for certain, as `("picks", "sim", "imsi")`, and its line."""

    line: int
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Lack:
    """What a file reads and a run lacks: which of its names, and those that are there instead."""

    reading: Reading
    name: str
    there: tuple[str, ...]


def lacks(text: str, variables: Mapping[str, Any]) -> Iterator[Lack]:
    """What the text of a playbook file reads and a run with these variables lacks."""
    for reading in readings(text):
        held: Any = {**dict.fromkeys(KNOWN), **variables}
        for name in reading.path:
            if not isinstance(held, Mapping):
                break
            if name not in held:
                yield Lack(reading, name, tuple(sorted(map(str, held))))
                break
            held = held[name]


@lru_cache(maxsize=256)
def readings(text: str) -> tuple[Reading, ...]:
    """What a playbook file reads for certain, in the order of its lines; nothing for one that is no YAML."""
    import yaml
    from yaml.nodes import MappingNode, SequenceNode

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):
        return ()
    plays = [one for one in getattr(root, "value", ()) if isinstance(one, MappingNode)]
    if not isinstance(root, SequenceNode) or _ELSEWHERE.search(text):
        return ()
    set_here = {name for play in plays for name in brought_by(play)}
    # A name that is asked for anywhere in the file may be absent everywhere in it.
    optional = {path for play in plays for _key, _node, one in leaves(play, "") for path in _asked_for(one)}
    found = {
        Reading(node.start_mark.line + 1, path)
        for play in plays
        for node, one in _certain(play)
        for path in _paths(one)
        if path[0] not in set_here and not path[0].startswith("ansible_")
    }
    certain = (one for one in found if not any(one.path[: len(path)] == path for path in optional))
    return tuple(sorted(certain, key=lambda one: (one.line, one.path)))


def _certain(block: "MappingNode") -> "Iterator[tuple[Node, str]]":
    """Texts of the tasks that run whenever their file does."""
    for word, tasks in task_lists(block):
        if word in ("rescue", "handlers"):
            continue
        for task in tasks:
            words = words_of(task)
            if "when" in words:
                continue
            if "block" in words:
                yield from _certain(task)
                continue
            for word_of_task, inner in words.items():
                if word_of_task not in _LATE:
                    yield from ((node, text) for _key, node, text in leaves(inner, word_of_task))


def _parsed(text: str) -> "nodes.Template | None":
    from jinja2 import Environment, TemplateError

    if "{{" not in text:
        return None
    try:
        return Environment(autoescape=False).parse(text)  # noqa: S701 — parsed only, never rendered
    except TemplateError:
        return None


def _paths(text: str) -> Iterator[tuple[str, ...]]:
    """Names that a text's expressions read, however they come out."""
    from jinja2 import nodes

    def walk(node: nodes.Node) -> Iterator[tuple[str, ...]]:
        if isinstance(node, nodes.CondExpr | nodes.And | nodes.Or | nodes.If | nodes.For):
            return
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            # A method's name is none of the value's.
            yield from walk(node.node.node)
            for child in (*node.args, *node.kwargs):
                yield from walk(child)
            return
        if isinstance(node, nodes.Filter) and node.name in _DOES_WITHOUT:
            # What stands in for a value is read where that lacks, and the value may.
            return
        path = _path(node)
        if path:
            if path[0] in _ROOTS or path[0] not in KNOWN:
                yield path
            return
        for child in node.iter_child_nodes():
            yield from walk(child)

    parsed = _parsed(text)
    if parsed is not None:
        yield from walk(parsed)


def _path(node: "nodes.Node") -> tuple[str, ...]:
    """`picks.sim['imsi']` as names; empty for what is no such chain, or one whose names are computed."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name) and node.ctx == "load":
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node)
        return (*before, node.attr) if before else ()
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
        before = _path(node.node)
        return (*before, node.arg.value) if before else ()
    return ()


def _asked_for(text: str) -> Iterator[tuple[str, ...]]:
    """Names that a text asks whether they are there, or does without."""
    from jinja2 import nodes

    parsed = _parsed(text)
    if parsed is None:
        return
    for one in parsed.find_all((nodes.Filter, nodes.Test)):
        if one.name in (*_DOES_WITHOUT, "defined", "undefined") and one.node is not None:
            yield _path(one.node) or ("",)
    for compared in parsed.find_all(nodes.Compare):
        for operand in compared.ops:
            if operand.op in ("in", "notin") and isinstance(compared.expr, nodes.Const):
                before = _path(operand.expr)
                if before:
                    yield (*before, str(compared.expr.value))
