"""What happens to the words of letters, as others hear of it."""

from typing import ClassVar

from trunkline.events.event import Event


class MailTemplateEvent(Event):
    """Base of what happens to a letter's words; `entity_id` is the wording of `template` in `language`."""

    template: str
    language: str


class MailTemplateChanged(MailTemplateEvent):
    """A letter goes out in other words."""

    name: ClassVar[str] = "mail_template.changed"


class MailTemplateRestored(MailTemplateEvent):
    """A letter goes out in its own words again."""

    name: ClassVar[str] = "mail_template.restored"


EVENTS: tuple[type[Event], ...] = (MailTemplateChanged, MailTemplateRestored)
