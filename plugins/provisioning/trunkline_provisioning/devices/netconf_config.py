"""Configuration as NETCONF carries it: whether what was found holds what is wanted, and both as lines for people.

Prefixes, order of siblings and blanks around texts mean nothing; namespaces do. Without the element's YANG modules nobody knows
the keys of its lists, so no entry is looked up by its key: what is wanted is there when some entry holds all of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from xml.dom import minidom

from trunkline_provisioning.devices.netconf_session import BASE, parsed, text_of
from trunkline_provisioning.devices.outcome import MASK, DeviceError, is_secret_name

Operation = Literal["merge", "replace", "delete"]

_XMLNS = "http://www.w3.org/2000/xmlns/"
_PREFIXED = re.compile(r"([A-Za-z_][\w.-]*):(\S+)")
#: First leaves that tell entries of a list apart; only used to show what differs.
_KEYS = frozenset({"name", "id", "index", "key", "ip", "address", "prefix"})


@dataclass(frozen=True)
class Node:
    """An element. `text` is a leaf's value; a prefix in it that stands for a namespace is written out."""

    namespace: str
    name: str
    text: str
    attributes: frozenset[tuple[str, str]]
    children: tuple["Node", ...]

    def holds(self, wanted: "Node", unseen: frozenset[str]) -> bool:
        """Whether all of `wanted` is in here; elements named in `unseen` count as there."""
        return (
            self.like(wanted)
            and (bool(wanted.children) or self.text == wanted.text)
            and all(
                child.name in unseen or any(own.holds(child, unseen) for own in self.children)
                for child in wanted.children
            )
        )

    def equals(self, wanted: "Node", unseen: frozenset[str]) -> bool:
        """Whether this is `wanted` and nothing besides."""
        return self._order(unseen) == wanted._order(unseen)

    def leaves(self, path: str = "") -> Iterator[tuple[str, "Node"]]:
        """The elements without children below this one, each with its path by names."""
        here = f"{path}/{self.name}"
        if not self.children:
            yield here, self
        for child in self.children:
            yield from child.leaves(here)

    def like(self, other: "Node") -> bool:
        """Whether both are the same kind of element."""
        same = (self.namespace, self.name) == (other.namespace, other.name)
        return same and other.attributes <= self.attributes

    def _order(self, unseen: frozenset[str]) -> tuple[Any, ...]:
        children = sorted(child._order(unseen) for child in self.children if child.name not in unseen)
        return self.namespace, self.name, self.text, sorted(self.attributes), children


@dataclass(frozen=True)
class Wanted:
    """What shall be: `nodes` merged in, or the element at the path `at` replaced by its like or deleted."""

    nodes: tuple[Node, ...]
    operation: Operation = "merge"
    at: tuple[str, ...] = ()
    #: Names of elements that are taken and never told, such as passwords: not compared, never shown.
    write_only: frozenset[str] = frozenset()

    def met(self, found: Sequence[Node]) -> bool:
        """Whether the configuration found needs no edit."""
        if self.operation == "merge":
            return all(any(one.holds(node, self.write_only) for one in found) for node in self.nodes)
        target, here = self._target(found)
        if self.operation == "delete":
            bare = not target.children and not target.text
            return not any(bare or one.holds(target, self.write_only) for one in here)
        return any(one.equals(target, self.write_only) for one in here)

    def shown(self, found: Sequence[Node]) -> list[str]:
        """What is there of what this concerns, a line for each value."""
        if self.operation == "merge":
            return self._lines(leaf for node in self.nodes for leaf in _counterparts(node, found, ""))
        entry = _counterpart(*self._target(found))
        return self._lines(entry.leaves(self._parent)) if entry else []

    def goal(self) -> list[str]:
        """What shall be there, in the same form."""
        if self.operation == "delete":
            return []
        if self.operation == "merge":
            return self._lines(leaf for node in self.nodes for leaf in node.leaves())
        return self._lines(self._target(())[0].leaves(self._parent))

    @property
    def _parent(self) -> str:
        return "".join(f"/{name}" for name in self.at[:-1])

    def _target(self, found: Sequence[Node]) -> tuple[Node, list[Node]]:
        """The element at the path, and those found there; what is wanted beside the path tells entries apart."""
        node, here = self.nodes[0], [one for one in found if one.like(self.nodes[0])]
        for name in self.at[1:]:
            inner = next(child for child in node.children if child.name == name)
            beside = replace(node, children=tuple(child for child in node.children if child is not inner))
            here = [
                child
                for one in here
                if one.holds(beside, self.write_only)
                for child in one.children
                if child.like(inner)
            ]
            node = inner
        return node, here

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that are never shown; elements like to quote what they refuse."""
        leaves = (leaf for node in self.nodes for leaf in node.leaves())
        return tuple(node.text for path, node in leaves if node.text and self._hidden(path))

    def _hidden(self, path: str) -> bool:
        return any(name in self.write_only or is_secret_name(name) for name in path.split("/"))

    def _lines(self, leaves: Iterable[tuple[str, Node]]) -> list[str]:
        return [f"{path} = {MASK if self._hidden(path) else node.text}".rstrip(" =") for path, node in leaves]


def wanted(config: str, operation: Operation, at: str, write_only: Sequence[str]) -> tuple[Wanted, str]:
    """What a playbook's `config` asks for, and the content of the edit. Raises DeviceError saying what is odd about it."""
    root = parsed(f"<config>{config}</config>", "config")
    elements = [node for node in root.childNodes if isinstance(node, minidom.Element)]
    if not elements or text_of(root):
        raise DeviceError("config must be XML elements, such as <interfaces xmlns=…>…</interfaces>.")
    for element in elements:
        if not element.namespaceURI:
            raise DeviceError(
                f"<{element.localName}> in config has no namespace; write xmlns=… as its YANG module has it."
            )
    for element in root.getElementsByTagName("*"):
        if any(name.namespaceURI == BASE for name in (element.attributes or {}).values()):
            raise DeviceError("config holds NETCONF's own attributes; say operation and at instead.")
    path = tuple(name for name in at.split("/") if name)
    if operation == "merge":
        if path:
            raise DeviceError("at goes with the operations replace and delete.")
    elif len(elements) > 1:
        raise DeviceError(f"config must be one outermost element where something is to {operation}.")
    else:
        _mark(elements, path, operation)
    wish = Wanted(nodes(root), operation, path, frozenset(write_only))
    return wish, "".join(element.toxml() for element in elements)


def nodes(parent: minidom.Element) -> tuple[Node, ...]:
    """The elements inside one, as they are compared."""
    return _node(parent, _scope(parent, {})).children


def _node(element: minidom.Element, scope: dict[str, str]) -> Node:
    children = tuple(
        _node(child, _scope(child, scope))
        for child in element.childNodes
        if isinstance(child, minidom.Element)
    )
    attributes = frozenset(
        (f"{{{one.namespaceURI or ''}}}{one.localName}", one.value)
        for one in (element.attributes or {}).values()
        if one.namespaceURI not in (_XMLNS, BASE)
    )
    text = "" if children else text_of(element)
    prefixed = _PREFIXED.fullmatch(text)
    if prefixed and prefixed[1] in scope:
        # An identity's name (RFC 7950 §9.10.3): the element may know its namespace by another prefix.
        text = f"{{{scope[prefixed[1]]}}}{prefixed[2]}"
    return Node(element.namespaceURI or "", element.localName, text, attributes, children)


def _scope(element: minidom.Element, outer: dict[str, str]) -> dict[str, str]:
    own = {
        one.localName: one.value
        for one in (element.attributes or {}).values()
        if one.namespaceURI == _XMLNS and one.localName != "xmlns"
    }
    return {**outer, **own} if own else outer


def _mark(elements: Sequence[minidom.Element], path: tuple[str, ...], operation: Operation) -> None:
    """Write the operation (RFC 6241 §7.2) on the one element at the path."""
    here = [one for one in elements if one.localName == next(iter(path), "")]
    for name in path[1:]:
        if len(here) == 1:
            inner = (child for child in here[0].childNodes if isinstance(child, minidom.Element))
            here = [child for child in inner if child.localName == name]
    if len(here) != 1:
        raise DeviceError(
            f"at must be the path by names, such as interfaces/interface, of the one element to {operation};"
            f" “{'/'.join(path)}” names {len(here)} in config."
        )
    here[0].setAttributeNS(_XMLNS, "xmlns:nc", BASE)
    here[0].setAttributeNS(BASE, "nc:operation", operation)


def _counterparts(node: Node, found: Sequence[Node], path: str) -> Iterator[tuple[str, Node]]:
    """The leaves found where those of the wanted element would be."""
    entry = _counterpart(node, [one for one in found if one.like(node)])
    if entry is None:
        return
    here = f"{path}/{node.name}"
    if not node.children:
        yield here, entry
    for child in node.children:
        yield from _counterparts(child, entry.children, here)


def _counterpart(node: Node, likes: Sequence[Node]) -> Node | None:
    """The one of several that the wanted element stands for, as far as can be told."""
    first = node.children[0] if node.children else None
    if first is None or first.children:
        return next((one for one in likes if one.text == node.text), likes[0] if len(likes) == 1 else None)
    # A list's entry begins with its keys (RFC 7950 §7.8.5), which stand anywhere in what others send.
    entry = next((one for one in likes if first in one.children), None)
    return entry or (likes[0] if len(likes) == 1 and first.name not in _KEYS else None)
