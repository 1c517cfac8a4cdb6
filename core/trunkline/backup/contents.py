"""What a backup carries besides the database: all below the data folder that nothing else could make again.

Anything there is carried unless it is named here, so that what extension scripts keep beside the data is not forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from trunkline.config import Config

BACKUPS = "backups"
LAST = "last-backup.json"
REPLACED = "replaced-"
RESTORED_CONFIGURATION = "restored-trunkline.toml"
#: Folders in which backups and restores work; what a killed one left is nobody's.
WORKING = ".trunkline-"
#: Names right in the data folder that are left out. What waits in a spool may have been fetched by then: brought back it would
#: leave twice, and the logs in the database have it anyway.
LEFT_OUT = (
    BACKUPS, "bells", "cache", "exports", "hlr", "spool", "sms",
    "lost+found", "huey.db*", "serve.pid", "*.write.lock", ".writable", "activity.new",
    f"{LAST}*", f"{REPLACED}*", RESTORED_CONFIGURATION, f"{WORKING}*",
)  # fmt: skip
#: Anywhere: half-written contents, and what Python compiles.
_NEVER = (".*.part", "__pycache__")


@dataclass(frozen=True)
class Member:
    """A file by its name in the archive, `data/files/ab/ab12…`, and where it lies."""

    name: str
    path: Path


@dataclass(frozen=True)
class Contents:
    """What lies in the folders of one configuration."""

    config: "Config"
    config_file: Path

    @property
    def places(self) -> dict[str, Path]:
        """The folders by the name they have in an archive; some of them mostly lie in the first."""
        config = self.config
        return {
            "data": config.data,
            "extensions": config.extension_folder,
            "templates": config.template_folder,
            "playbooks": config.playbook_folder,
        }

    def tops(self) -> Iterator[Member]:
        """Files and folders right in each place that belong to a backup."""
        apart = {path.resolve() for name, path in self.places.items() if name != "data"}
        for name, place in self.places.items():
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                if name == "data" and (self._is_left_out(path) or path.resolve() in apart):
                    continue
                if not self._is_never(path):
                    yield Member(f"{name}/{path.name}", path)

    def members(self) -> Iterator[Member]:
        """Every file. Links are followed, each folder once."""
        seen: set[tuple[int, int]] = set()
        for top in self.tops():
            yield from self._below(top, seen)

    def _below(self, member: Member, seen: set[tuple[int, int]]) -> Iterator[Member]:
        if self._is_never(member.path):
            return
        if member.path.is_file():
            yield member
        elif member.path.is_dir():
            status = member.path.stat()
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                for path in sorted(member.path.iterdir()):
                    yield from self._below(Member(f"{member.name}/{path.name}", path), seen)

    def _is_left_out(self, path: Path) -> bool:
        return (
            any(fnmatch(path.name, pattern) for pattern in LEFT_OUT)
            or path.resolve() == self.config_file.resolve()
            or self._is_of_database(path)
        )

    def _is_of_database(self, path: Path) -> bool:
        """Whether it is the database in a file, what SQLite keeps beside it, or the copy made before a migration."""
        database = database_file(self.config)
        if database is None or path.parent.resolve() != database.parent.resolve():
            return False
        return path.name.startswith(database.name) or fnmatch(path.name, f"{database.stem}-before-*.db")

    def _is_never(self, path: Path) -> bool:
        """The key file above all, under whatever name, and copies of it that are called alike."""
        key = self.config.key_path
        is_key = path.name.startswith(key.name) or path.resolve() == key.resolve()
        return is_key or any(fnmatch(path.name, pattern) for pattern in _NEVER)


def database_file(config: "Config") -> Path | None:
    """Where SQLite keeps the database; None on PostgreSQL."""
    url = make_url(config.database_url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
