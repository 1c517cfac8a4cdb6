"""Making a backup beside the running system. Nothing has the name of a backup before it is whole and on the disk."""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline import __version__
from trunkline.activity import heads as activity_heads
from trunkline.backup import latest, sqlite
from trunkline.backup.archive import Writer
from trunkline.backup.contents import BACKUPS, WORKING, Contents, Member, database_file
from trunkline.backup.manifest import CONFIGURATION, DATABASE, Manifest, key_mark
from trunkline.backup.postgres import Server
from trunkline.errors import Refused, Unavailable

if TYPE_CHECKING:
    from trunkline.app import App

_ENDING = ".tar.gz"
_OWN = re.compile(r"trunkline-\d{8}T\d{6}Z\.tar\.gz")
_ABANDONED_SECONDS = 86_400


@dataclass(frozen=True)
class Made:
    """A finished backup, and older ones that gave way to it."""

    file: Path
    size: int
    manifest: Manifest
    removed: tuple[Path, ...]


def make(app: "App", config_file: Path, target: Path | None = None, *, keep: int | None = None) -> Made:
    """Write one file with all that `trunkline restore` needs but the key file.

    `target` is a folder or a new file `….tar.gz`. With `keep`, of the backups in the folder the newest so many stay.
    Raises Refused for a target that cannot be meant, ConfigError and Unavailable when it cannot be made; then nothing is left.
    """
    file = _file_for(app, target, keep)
    with _writing(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _tidy(file.parent)
        with tempfile.TemporaryDirectory(prefix=f"{WORKING}backup-", dir=file.parent) as name:
            manifest, size = _write(app, config_file, Path(name), file)
    latest.note(app.config, latest.LastBackup(at=manifest.made_at, file=str(file.resolve()), size=size))
    return Made(file, size, manifest, tuple(_prune(file.parent, keep)) if keep else ())


def _file_for(app: "App", target: Path | None, keep: int | None) -> Path:
    folder = target or app.config.data / BACKUPS
    name = f"trunkline-{app.clock().astimezone(UTC):%Y%m%dT%H%M%SZ}{_ENDING}"
    if folder.name.endswith(_ENDING) and not folder.is_dir():
        if keep:
            raise Refused(
                "--keep counts the backups of a folder; this names one file.",
                field="keep",
                remedy="Name a folder.",
            )
        folder, name = folder.parent, folder.name
    file = folder / name
    if file.exists():
        raise Refused(f"{file} is there already.", remedy="Choose another name, or wait a second.")
    data, place = app.config.data.resolve(), folder.resolve()
    if place.is_relative_to(data) and not place.is_relative_to(data / BACKUPS):
        raise Refused(
            f"{folder} lies in the data folder: each backup would hold those before it.",
            remedy=f"Choose a folder elsewhere, or {app.config.data / BACKUPS}.",
        )
    return file


def _write(app: "App", config_file: Path, staging: Path, file: Path) -> tuple[Manifest, int]:
    # Noted before the database is: a head that is newer than the log looks as if the log's end were cut off.
    head, staged_head = app.config.data / activity_heads.FILE, staging / "head"
    if head.is_file():
        shutil.copyfile(head, staged_head)
    made_at, database = app.clock(), staging / "database"
    kind, version, revisions = _copy_database(app, database)
    partial = staging / "archive"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        writer = Writer(target)
        writer.add([Member(DATABASE[kind], database)])
        database.unlink()
        writer.add(_files(app, config_file, staged_head))
        manifest = Manifest(
            version=__version__,
            made_at=made_at,
            database="sqlite" if kind == "sqlite" else "postgresql",
            database_version=version,
            heads=revisions,
            key_mark=key_mark(),
            members=writer.members,
        )
        writer.close(manifest)
        target.flush()
        os.fsync(target.fileno())
    size = partial.stat().st_size
    partial.replace(file)
    _sync(file.parent)
    return manifest, size


def _copy_database(app: "App", target: Path) -> tuple[str, str, dict[str, str]]:
    """Its kind, its version and its migrations. The rest is read afterwards, so no row names a file that came later."""
    database = database_file(app.config)
    if database is not None:
        version = sqlite.copy(database, target)
        return "sqlite", version, sqlite.heads(target)
    server = Server.at(app.config.database_url)
    return "postgresql", server.dump(target), server.heads()


def _files(app: "App", config_file: Path, staged_head: Path) -> Iterator[Member]:
    head = f"data/{activity_heads.FILE}"
    for member in Contents(app.config, config_file).members():
        if member.name != head:
            yield member
    if staged_head.exists():
        yield Member(head, staged_head)
    if config_file.is_file():
        yield Member(CONFIGURATION, config_file)


def _prune(folder: Path, keep: int) -> Iterator[Path]:
    """Delete the oldest of our own names beyond so many."""
    own = sorted(path for path in folder.iterdir() if _OWN.fullmatch(path.name) and path.is_file())
    for path in own[:-keep]:
        path.unlink(missing_ok=True)
        yield path


def _tidy(folder: Path) -> None:
    """Remove what a killed backup left."""
    for path in folder.glob(f"{WORKING}backup-*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        remedy = (
            "Make room there, name another folder, or let --keep remove old backups."
            if full
            else "Give this user the right to read the data folder and to write there, or name another folder."
        )
        place = error.filename or folder
        raise Unavailable(
            f"No backup was made: {place}: {error.strerror or error}.", remedy=remedy
        ) from error
