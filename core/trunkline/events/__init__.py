"""Domain events: what happened, told to hooks, webhooks and extension scripts at least once and in order per entity."""

from trunkline.events.event import Event

__all__ = ["Event"]
