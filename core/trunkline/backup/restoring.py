"""Putting a backup back. Everything is unpacked and compared first; only then is anything changed, and what was there is kept."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline import renewal, secrets
from trunkline.backup import sqlite
from trunkline.backup.archive import unpack
from trunkline.backup.contents import REPLACED, RESTORED_CONFIGURATION, WORKING, Contents, database_file
from trunkline.backup.manifest import CONFIGURATION, DATABASE, Manifest, key_mark
from trunkline.backup.postgres import Server
from trunkline.errors import ConfigError, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from trunkline.config import Config


@dataclass(frozen=True)
class Restored:
    """What was put back, and where that lies which was there before."""

    manifest: Manifest
    aside: Path | None
    configuration: Path | None
    #: Whether the key file that is in place is the one that the backup needs; None where there is none.
    key_fits: bool | None


def restore(config: "Config", config_file: Path, file: Path, *, replace: bool = False) -> Restored:
    """Bring database and files of a backup to where the configuration says they belong.

    Raises Refused when there is data already (unless `replace`), while the system runs, for a backup that is damaged, newer, or
    of another kind of database, and NotFound without the file; Unavailable when it cannot be written. All of these before
    anything was changed, or with all that was there in the folder that the message names.
    """
    if not file.is_file():
        raise NotFound(f"There is no backup {file}.", remedy="Check the path.")
    config.prepare_data_folder()
    contents, database = Contents(config, config_file), database_file(config)
    _check_not_running(config)
    _check_room(contents, replace)
    with (
        _writing(config.data),
        tempfile.TemporaryDirectory(prefix=f"{WORKING}restore-", dir=config.data) as name,
    ):
        staging = Path(name)
        manifest = unpack(file, staging)
        manifest.check_fits("postgresql" if database is None else "sqlite")
        _check_unused(config)
        aside = config.data / f"{REPLACED}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        source = staging / DATABASE[manifest.database]
        if database is None:
            Server.at(config.database_url).restore(source)
        _move_aside(contents, aside)
        if database is not None:
            _put(source, database)
        configuration = _place(contents, staging)
        os.sync()
    return Restored(manifest, aside if aside.exists() else None, configuration, _key_fits(config, manifest))


def _check_not_running(config: "Config") -> None:
    if renewal.watched(config.data):
        raise Refused(
            f"Trunkline runs on the data folder {config.data}.",
            remedy="Stop it first; serve.pid in that folder names the process.",
        )


def _check_room(contents: Contents, replace: bool) -> None:
    """Raise Refused where there is data that nobody said may be replaced."""
    if replace:
        return
    database = database_file(contents.config)
    taken = (
        Server.at(contents.config.database_url).holds_something()
        if database is None
        else sqlite.holds_something(database)
    )
    first = next(contents.members(), None)
    if taken or first is not None:
        where = "The database holds tables" if taken else f"There is {first.path if first else ''}"
        raise Refused(
            f"{where}: a backup is restored where nothing is.",
            field="replace",
            remedy="Name an empty data folder and database, or say --replace, which puts what is there aside.",
        )


def _check_unused(config: "Config") -> None:
    database = database_file(config)
    if database is None:
        Server.at(config.database_url).check_usable()
    else:
        sqlite.check_unused(database)


def _move_aside(contents: Contents, aside: Path) -> None:
    """Keep what is there in a folder of its own. A database on PostgreSQL has been replaced by then."""
    database = database_file(contents.config)
    for top in list(contents.tops()):
        _put(top.path, aside / top.name)
    if database is not None and database.exists():
        _put(database, aside / "database" / database.name)
        for ending in ("-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)


def _place(contents: Contents, staging: Path) -> Path | None:
    """Files to their folders; the configuration beside the one in force, which is not touched. Returns where that lies."""
    for name, place in contents.places.items():
        root = staging / name
        for path in sorted(root.iterdir()) if root.is_dir() else ():
            _put(path, place / path.name)
    configuration = staging / CONFIGURATION
    if not configuration.is_file():
        return None
    target = contents.config.data / RESTORED_CONFIGURATION
    _put(configuration, target)
    return target


def _put(source: Path, target: Path) -> None:
    """Move a file or folder; one that is in the way by now is filled up."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    if source.is_dir() and not source.is_symlink() and target.is_dir():
        for path in sorted(source.iterdir()):
            _put(path, target / path.name)
        source.rmdir()
    else:
        shutil.move(source, target)


def _key_fits(config: "Config", manifest: Manifest) -> bool | None:
    if not config.key_path.exists():
        return None
    try:
        secrets.use(secrets.Keyring.load(config.key_path, create=False))
    except ConfigError:
        return False
    return key_mark() == manifest.key_mark


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise Unavailable(
            f"The backup cannot be restored: {error.filename or folder}: {error.strerror or error}.",
            remedy=(
                "Make room there: a backup is unpacked before anything is changed."
                if full
                else "Give this user the right to write there."
            )
            + f" What was moved already lies in {folder}/{REPLACED}….",
        ) from error
