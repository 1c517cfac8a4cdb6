"""Reading back: how the elements that an Ansible action writes are read, so that the audit can compare.

What an element should hold is not said twice: the audit takes the tasks of the playbook that set the service up, with the
variables of now, and asks the reader of the task's action what they come to.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trunkline.activity.recording import MASK

if TYPE_CHECKING:
    from trunkline.app import App

#: Options of one task with their values.
Options = Mapping[str, Any]


class ReadError(Exception):
    """An element cannot be read; the message is for people and holds no secret."""


@dataclass(frozen=True)
class Holding:
    """What an element holds, or should hold, of one key: fields as people compare them. No secrets."""

    key: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """How one kind of element is read. Its functions may block and raise ReadError; none changes anything but `remove`."""

    #: The Ansible action whose tasks it understands, as in `trunkline.telecom.hlr_subscriber`.
    action: str
    #: What people call the kind of element.
    label: str
    #: Names of the action's options that are read; the others, keys of SIMs among them, are never even rendered.
    options: tuple[str, ...]
    #: Which element the options mean, in words that stay the same, as in `HLR 10.0.0.5:4258`.
    place: Callable[[Options], str]
    #: What the element should hold after the task; None when the task takes something away.
    wanted: Callable[[Options], Holding | None]
    #: What it holds of what is wanted; None: nothing.
    one: Callable[[Options, Holding], Holding | None]
    #: Everything it holds, one after the other; None for elements that cannot list.
    everything: Callable[[Options], Iterator[Holding]] | None = None
    #: Take out what nobody knows, by its key; absent is fine. None: not offered.
    remove: Callable[[Options, str], str] | None = None
    #: Whether fields that the element holds and nobody wants are a difference, too.
    exact: bool = False

    def differing(self, wanted: Holding, held: Holding) -> dict[str, tuple[str, str]]:
        """Fields that differ, each with what the system believes and what the element holds; of a secret nobody can know."""
        names = {*wanted.fields, *(held.fields if self.exact else ())}
        pairs = {name: (wanted.fields.get(name, ""), held.fields.get(name, "")) for name in sorted(names)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and MASK not in pair[0]}


def readers(app: "App") -> list[Reader]:
    """Every reader that an enabled plugin brings; of two for one action the first counts."""
    found: dict[str, Reader] = {}
    for _plugin, reader in app.hooks.gather("provisioning_readers"):
        found.setdefault(reader.action, reader)
    return list(found.values())
