"""The base of every domain event."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Something that happened to one entity. Fields are only ever added; a changed meaning is a new `schema_version`.

    A subclass sets `name` (`<entity>.<past participle>`, as in `service.activated`), which gives the hooks
    `before_service_activated` and `on_service_activated`, and `entity_id`, the key of the row it happened to.
    """

    # Most processes see few of them: a validator is built for those that they do.
    model_config = ConfigDict(frozen=True, defer_build=True)

    name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    entity_id: int
    customer_id: int | None = None

    @classmethod
    def entity(cls) -> str:
        """The entity's word, the part of the name before the dot."""
        return cls.name.partition(".")[0]

    @classmethod
    def hook_suffix(cls) -> str:
        """What follows `before_` and `on_` in the hooks' names."""
        return cls.name.replace(".", "_")
