"""What becomes of plugins, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class PluginPurged(Event):
    """What a plugin that is off had in core is gone: its settings, permissions, waiting jobs; its tables go next.

    `entity_id` is 0.
    """

    name: ClassVar[str] = "plugin.purged"

    plugin: str


EVENTS: tuple[type[Event], ...] = (PluginPurged,)
