"""What backups declare to the trunk."""

from trunkline.backup.latest import health_checks

HEALTH = (health_checks,)
