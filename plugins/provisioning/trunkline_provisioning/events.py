"""What happens to playbooks and network elements, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class PlaybookEvent(Event):
    """Base of what happens to the operator's playbooks. They are folders, so that `entity_id` is 0."""

    playbook: str
    version: int


class PlaybookCreated(PlaybookEvent):
    """A playbook was begun."""

    name: ClassVar[str] = "playbook.created"


class PlaybookChanged(PlaybookEvent):
    """A file of a playbook was saved, or an earlier version brought back (`file` is empty then)."""

    name: ClassVar[str] = "playbook.changed"
    file: str = ""


class PlaybookRemoved(PlaybookEvent):
    """The operator's playbook is gone; one of a plugin with its name takes its place."""

    name: ClassVar[str] = "playbook.removed"


class ElementEvent(Event):
    """Base of what happens to a network element; `entity_id` is the element, `element` its name.

    Address and secrets are not told.
    """

    element: str


class ElementAdded(ElementEvent):
    """A network element was added."""

    name: ClassVar[str] = "network_element.added"


class ElementChanged(ElementEvent):
    """A network element is reached otherwise, or has another name or other values."""

    name: ClassVar[str] = "network_element.changed"


class ElementRemoved(ElementEvent):
    """A network element is gone; playbooks that name it fail from then on."""

    name: ClassVar[str] = "network_element.removed"


EVENTS: tuple[type[Event], ...] = (
    PlaybookCreated,
    PlaybookChanged,
    PlaybookRemoved,
    ElementAdded,
    ElementChanged,
    ElementRemoved,
)
