"""What backups tell the rest."""

from datetime import datetime
from typing import ClassVar

from trunkline.events.event import Event


class BackupMade(Event):
    """A backup is finished: `size` in bytes. `entity_id` is 0."""

    name: ClassVar[str] = "backup.made"

    size: int


class BackupRestored(Event):
    """Everything is as it was at `made_at`; told in the database that was restored. `entity_id` is 0."""

    name: ClassVar[str] = "backup.restored"

    made_at: datetime
    version: str


EVENTS: tuple[type[Event], ...] = (BackupMade, BackupRestored)
