"""That a customer was erased, as others hear of it."""

from datetime import date
from typing import ClassVar

from trunkline.events import Event


class CustomerErased(Event):
    """A customer's personal data are erased. A `before_` hook may refuse; nothing is gone by then."""

    name: ClassVar[str] = "customer.erased"

    number: str
    #: The last day on which fiscal documents are kept; None: nothing had to be.
    kept_until: date | None = None
