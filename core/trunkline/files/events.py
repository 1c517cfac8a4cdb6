"""What happens to customers' files, as others hear of it. What a file is called or holds stays on the customer's page."""

from typing import ClassVar

from trunkline.events.event import Event


class FileAttached(Event):
    """A file was attached to a customer; `entity_id` is the file, `size` in bytes."""

    name: ClassVar[str] = "file.attached"
    media_type: str
    size: int


class FileRemoved(Event):
    """A file was taken away from a customer."""

    name: ClassVar[str] = "file.removed"


EVENTS: tuple[type[Event], ...] = (FileAttached, FileRemoved)
