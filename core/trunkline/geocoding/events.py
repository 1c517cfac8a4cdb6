"""What happens to the places of sites, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class SiteLocated(Event):
    """Where a site is became known, or is known no more (`located_by` is empty then). Coordinates stay on the customer's page.

    `located_by` is the provider's name, or `manual` for a pin set by hand.
    """

    name: ClassVar[str] = "site.located"

    located_by: str


EVENTS: tuple[type[Event], ...] = (SiteLocated,)
