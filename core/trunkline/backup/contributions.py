"""What backups declare to the trunk."""

from trunkline.backup.events import EVENTS as EVENTS
from trunkline.backup.latest import health_checks

HEALTH = (health_checks,)
