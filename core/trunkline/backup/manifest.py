"""What a backup says of itself: of which version and database it is, and the digest of everything in it."""

from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline import __version__, secrets
from trunkline.db import revisions
from trunkline.errors import Refused

NAME = "manifest.json"
FORMAT = 1
Kind = Literal["sqlite", "postgresql"]
#: The database's place in an archive, by its kind.
DATABASE = {"sqlite": "database/trunkline.db", "postgresql": "database/trunkline.pgdump"}
CONFIGURATION = "configuration/trunkline.toml"


class Entry(BaseModel):
    """One file of an archive."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The last member of an archive, written when all the others are."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    version: str
    made_at: datetime
    database: Kind
    database_version: str
    #: The newest migration of each lineage: `{"core": "core_0001"}`.
    heads: dict[str, str]
    #: Tells the key file that fits from others, and nothing of the keys.
    key_mark: str
    members: dict[str, Entry]

    @property
    def size(self) -> int:
        """Bytes of all members, as they are outside the archive."""
        return sum(entry.size for entry in self.members.values())

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Raises Refused when it cannot be understood."""
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            raise Refused(f"The backup's {NAME} cannot be read: {error.errors()[0]['msg']}.") from error
        if found.format > FORMAT:
            raise Refused(
                f"The backup has format {found.format}; this version reads up to {FORMAT}.",
                remedy=f"Restore it with Trunkline {found.version}.",
            )
        return found

    def check_fits(self, kind: str) -> None:
        """Raise Refused for a backup of another kind of database, or of a newer version than this one."""
        if self.database != kind:
            raise Refused(
                f"The backup is of {_SAID[self.database]}; the configuration names {_SAID[kind]}.",
                field="database",
                remedy=f"Let `database` name {_SAID[self.database]}.",
            )
        newer = [name for name, head in self.heads.items() if _is_unknown(name, head)]
        if Version(self.version) > Version(__version__) or newer:
            behind = f" (migrations of {', '.join(newer)})" if newer else ""
            raise Refused(
                f"The backup was made by Trunkline {self.version}{behind}, which is newer than this {__version__}.",
                remedy="Install that version or a later one, and restore with it.",
            )


_SAID = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def key_mark() -> str:
    """What the loaded key file is told by; nothing of a key follows from it."""
    return sha256(secrets.derive("backup")).hexdigest()[:16]


def _is_unknown(lineage: str, head: str) -> bool:
    """Whether the code of this lineage is here and has no such migration: then it is older than the backup."""
    package = "trunkline" if lineage == "core" else f"trunkline_{lineage}"
    found = find_spec(package)
    if found is None or found.origin is None:
        return False
    known = {
        path.stem.partition("_")[0] for path in revisions.files(Path(found.origin).parent / "migrations")
    }
    return bool(known) and head.rpartition("_")[2] not in known
