"""What becomes of files that are imported, as others hear of it. What each row did, its own events say."""

from typing import ClassVar

from trunkline.events.event import Event


class ImportEvent(Event):
    """Base of what happens to an import; `entity_id` is the import, `kind` what its rows are."""

    number: str
    kind: str


class ImportUploaded(ImportEvent):
    """A file is kept and will be checked."""

    name: ClassVar[str] = "import.uploaded"


class ImportStarted(ImportEvent):
    """Somebody let in a file that was checked."""

    name: ClassVar[str] = "import.started"


class ImportFinished(ImportEvent):
    """A file was read: `state` is `checked`, `completed` or `refused`."""

    name: ClassVar[str] = "import.finished"
    state: str


EVENTS: tuple[type[Event], ...] = (ImportUploaded, ImportStarted, ImportFinished)
