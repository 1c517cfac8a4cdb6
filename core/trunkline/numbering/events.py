"""What happens to the numbers of a kind, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class NumberingChanged(Event):
    """Numbers of `kind` look otherwise from now on, or their count went on higher. `entity_id` is 0.

    With `reseller`, a code, these are the numbers of that reseller's customers.
    """

    name: ClassVar[str] = "numbering.changed"

    kind: str
    reseller: str = ""


EVENTS: tuple[type[Event], ...] = (NumberingChanged,)
