"""What happens to users, told to plugins."""

from typing import ClassVar

from trunkline.events.event import Event


class UserInvited(Event):
    """Somebody was invited to sign in. `entity_id` is the user's key; `kind` is `staff` or `portal`."""

    name: ClassVar[str] = "user.invited"

    email: str
    kind: str
