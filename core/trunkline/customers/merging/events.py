"""That customers were merged, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class CustomerMerged(Event):
    """A customer went into another, with all that was theirs. A `before_` hook may refuse; nothing has moved by then."""

    name: ClassVar[str] = "customer.merged"

    number: str
    source_id: int
    source_number: str


class CustomerMergeUndone(Event):
    """A merge was undone. A `before_` hook may refuse when something newer of its own stands in the way."""

    name: ClassVar[str] = "customer.merge_undone"

    number: str
    source_id: int
    source_number: str


class CustomerDuplicateDismissed(Event):
    """Somebody said that a customer and another are two, so that they are not offered as one again."""

    name: ClassVar[str] = "customer.duplicate_dismissed"

    number: str
    other_id: int
    other_number: str
