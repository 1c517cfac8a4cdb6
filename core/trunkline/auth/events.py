"""What happens to users, told to plugins."""

from typing import ClassVar

from trunkline.events.event import Event


class UserEvent(Event):
    """Base of what happens to who signs in. `entity_id` is the user's key; `kind` is `staff`, `portal` or `service`."""

    email: str
    kind: str


class UserChanged(UserEvent):
    """Name, language or roles of somebody changed."""

    name: ClassVar[str] = "user.changed"


class UserDisabled(UserEvent):
    """Somebody cannot sign in any more; their sessions and tokens ended."""

    name: ClassVar[str] = "user.disabled"


class UserEnabled(UserEvent):
    """Somebody can sign in again, or choose a password for it."""

    name: ClassVar[str] = "user.enabled"


class UserInvited(Event):
    """Somebody was invited to sign in. `entity_id` is the user's key; `kind` is `staff` or `portal`."""

    name: ClassVar[str] = "user.invited"

    email: str
    kind: str
