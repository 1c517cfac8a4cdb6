"""What settings tell the rest."""

from typing import ClassVar

from trunkline.events.event import Event


class SettingsChanged(Event):
    """Settings of `owner`, a plugin or `core`, hold other values: these `names`. `entity_id` is 0."""

    name: ClassVar[str] = "settings.changed"

    owner: str
    names: tuple[str, ...]
