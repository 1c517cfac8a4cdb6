"""Engine, sessions, base model, column types and the migration runner."""

from trunkline.db.base import Record, key_field
from trunkline.db.engine import Database
from trunkline.db.types import BigKey, EncryptedStr, Micros, UtcDateTime, utc_field

__all__ = ["BigKey", "Database", "EncryptedStr", "Micros", "Record", "UtcDateTime", "key_field", "utc_field"]
