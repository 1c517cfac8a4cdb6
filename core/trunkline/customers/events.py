"""What happens to customers, as others hear of it."""

from typing import ClassVar

from trunkline.events import Event


class CustomerRegistered(Event):
    """A customer was registered."""

    name: ClassVar[str] = "customer.registered"

    number: str
    kind: str


class CustomerChanged(Event):
    """Data of a customer changed. `fields` names the customer's own fields, or `contacts`, `sites`, `tags`, `attributes`."""

    name: ClassVar[str] = "customer.changed"

    number: str
    fields: tuple[str, ...] = ()


class CustomerStatusChanged(Event):
    """A customer's status changed. A `before_` hook may refuse, say while services are active."""

    name: ClassVar[str] = "customer.status_changed"

    number: str
    before: str
    after: str
    reason: str = ""
