"""What happens to roles and to emergency access, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class RoleEvent(Event):
    """Base of what happens to a role; `entity_id` is the role, `role` its name."""

    role: str


class RoleCreated(RoleEvent):
    """A role was made."""

    name: ClassVar[str] = "role.created"


class RoleChanged(RoleEvent):
    """A role is called otherwise, grants or shows something else; permissions that it got and lost."""

    name: ClassVar[str] = "role.changed"
    granted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()


class RoleDeleted(RoleEvent):
    """A role that nobody held is gone."""

    name: ClassVar[str] = "role.deleted"


class BreakGlassEvent(Event):
    """Base of what happens to an emergency access; `entity_id` is the access, `user_id` who has it."""

    user_id: int


class BreakGlassTaken(BreakGlassEvent):
    """Somebody holds every permission for some minutes."""

    name: ClassVar[str] = "break_glass.taken"
    minutes: int


class BreakGlassEnded(BreakGlassEvent):
    """Emergency access was given back, or taken away, before its time."""

    name: ClassVar[str] = "break_glass.ended"


EVENTS: tuple[type[Event], ...] = (RoleCreated, RoleChanged, RoleDeleted, BreakGlassTaken, BreakGlassEnded)
