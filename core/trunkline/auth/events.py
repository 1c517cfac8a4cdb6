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


class UserCreated(UserEvent):
    """Somebody was added who needs no invitation: a service account, or a person whom a directory vouches for."""

    name: ClassVar[str] = "user.created"


class UserPasswordChanged(UserEvent):
    """Somebody has another password, or a first one; their other sessions and tokens ended."""

    name: ClassVar[str] = "user.password_changed"


class UserSecondFactorChanged(UserEvent):
    """Somebody has another second factor, other backup codes, or none any more; `change` says which."""

    name: ClassVar[str] = "user.second_factor_changed"
    change: str


class UserSignedOut(UserEvent):
    """Somebody, or an administrator for them, ended one of their sessions; with `everywhere` all, but the one they did it in."""

    name: ClassVar[str] = "user.signed_out"
    everywhere: bool


class UserReleased(UserEvent):
    """Somebody who had to wait after too many failures may try to sign in at once."""

    name: ClassVar[str] = "user.released"


class ApiKeyEvent(Event):
    """Base of what happens to an API key; `entity_id` is the key's row, `user_id` whose it is."""

    user_id: int


class ApiKeyCreated(ApiKeyEvent):
    """A program got a key."""

    name: ClassVar[str] = "api_key.created"


class ApiKeyRevoked(ApiKeyEvent):
    """A key works no more."""

    name: ClassVar[str] = "api_key.revoked"


class SigningKeyRotated(Event):
    """Access tokens are signed with another key; with `at_once` all that were signed before ended."""

    name: ClassVar[str] = "signing_key.rotated"
    at_once: bool = False


class ImpersonationEvent(Event):
    """Base of what happens to an impersonation; `staff_id` sees the pages of `user_id`."""

    staff_id: int
    user_id: int


class ImpersonationStarted(ImpersonationEvent):
    """A member of staff sees the pages of somebody else."""

    name: ClassVar[str] = "impersonation.started"


class ImpersonationEnded(ImpersonationEvent):
    """A member of staff is themselves again."""

    name: ClassVar[str] = "impersonation.ended"


class UserInvited(Event):
    """Somebody was invited to sign in. `entity_id` is the user's key; `kind` is `staff` or `portal`."""

    name: ClassVar[str] = "user.invited"

    email: str
    kind: str


EVENTS: tuple[type[Event], ...] = (
    UserInvited,
    UserCreated,
    UserChanged,
    UserDisabled,
    UserEnabled,
    UserPasswordChanged,
    UserSecondFactorChanged,
    UserSignedOut,
    UserReleased,
    ApiKeyCreated,
    ApiKeyRevoked,
    SigningKeyRotated,
    ImpersonationStarted,
    ImpersonationEnded,
)
