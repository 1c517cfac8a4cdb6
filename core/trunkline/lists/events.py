"""What happens to saved views of lists, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class SavedViewEvent(Event):
    """Base of what happens to a saved view; `entity_id` is the view, `list_name` its list. What it looks for is not told."""

    list_name: str
    shared: bool


class SavedViewCreated(SavedViewEvent):
    """A list was kept as it stood."""

    name: ClassVar[str] = "saved_view.created"


class SavedViewChanged(SavedViewEvent):
    """A view is called otherwise, shared with others, looks for something else, or opens the list of whoever changed it."""

    name: ClassVar[str] = "saved_view.changed"


class SavedViewRemoved(SavedViewEvent):
    """A view was given up."""

    name: ClassVar[str] = "saved_view.removed"


EVENTS: tuple[type[Event], ...] = (SavedViewCreated, SavedViewChanged, SavedViewRemoved)
