"""The archive itself: written to the disk before it gets its name, and believed only where every byte is as the manifest says."""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from trunkline.backup.contents import Member
from trunkline.backup.manifest import CONFIGURATION, DATABASE, NAME, Entry, Manifest
from trunkline.errors import Refused

_CHUNK = 1_000_000
_FOLDERS = ("data", "extensions", "templates", "playbooks")
_LARGEST_MANIFEST = 500_000_000


class _Digesting(io.RawIOBase):
    """A file that is digested as it is read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.digest = source, sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.digest.update(chunk)
        return chunk


class Writer:
    """Adds files to a new archive and remembers what each of them held."""

    def __init__(self, target: IO[bytes]) -> None:
        self._archive = tarfile.open(fileobj=target, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT)  # noqa: SIM115 — `close` does
        self.members: dict[str, Entry] = {}

    def add(self, members: Iterable[Member]) -> None:
        """Add files as they are now; one that was removed since it was found is left out."""
        for member in members:
            try:
                source = member.path.open("rb")
            except FileNotFoundError:
                continue
            with source:
                status = os.fstat(source.fileno())
                info = tarfile.TarInfo(member.name)
                info.size, info.mtime = status.st_size, int(status.st_mtime)
                info.mode = status.st_mode & 0o750
                reading = _Digesting(source)
                self._archive.addfile(info, reading)
            self.members[member.name] = Entry(size=info.size, sha256=reading.digest.hexdigest())

    def close(self, manifest: Manifest) -> None:
        """Add the manifest and end the archive."""
        text = manifest.model_dump_json(indent=1).encode()
        info = tarfile.TarInfo(NAME)
        info.size, info.mode, info.mtime = len(text), 0o600, int(manifest.made_at.timestamp())
        self._archive.addfile(info, io.BytesIO(text))
        self._archive.close()


def unpack(file: Path, into: Path) -> Manifest:
    """Write every member below the empty folder `into` and compare it with the manifest.

    Raises Refused for a file that is no backup, is damaged or was altered, and for names or kinds of members that no backup
    has: links, devices, paths that lead elsewhere. OSError when `into` cannot be written.
    """
    found: dict[str, Entry] = {}
    text = b""
    try:
        with tarfile.open(file, "r:gz") as archive:
            for info in archive:
                _check_name(info, found)
                source = archive.extractfile(info)
                if source is None:
                    raise _odd(info.name)
                if info.name == NAME:
                    text = source.read(_LARGEST_MANIFEST)
                else:
                    found[info.name] = _write(source, into / info.name, info.mode)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Refused(f"{file} is no backup, or is damaged: {error}.", remedy=_ANOTHER) from error
    if not text:
        raise Refused(f"{file} has no {NAME}: it is no backup, or its end is missing.", remedy=_ANOTHER)
    manifest = Manifest.read(text)
    _compare(file, manifest, found)
    return manifest


_ANOTHER = "Take another backup; nothing was changed."


def _check_name(info: tarfile.TarInfo, known: dict[str, Entry]) -> None:
    path = PurePosixPath(info.name)
    allowed = path.parts[0] in _FOLDERS and len(path.parts) > 1 if path.parts else False
    allowed = allowed or info.name in (NAME, CONFIGURATION, *DATABASE.values())
    plain = str(path) == info.name and ".." not in path.parts and "\0" not in info.name
    if not (allowed and plain and info.isreg()) or info.name in known:
        raise _odd(info.name)


def _odd(name: str) -> Refused:
    return Refused(
        f"The backup holds “{name}”, which no backup of Trunkline does: it was altered.", remedy=_ANOTHER
    )


def _write(source: IO[bytes], target: Path, mode: int) -> Entry:
    try:
        _make_folder(target.parent)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | (mode & 0o750))
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise _odd(str(target.name)) from error
    digest, size = sha256(), 0
    with os.fdopen(descriptor, "wb") as out:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return Entry(size=size, sha256=digest.hexdigest())


def _make_folder(path: Path) -> None:
    """A folder with those above it, none of them for others: `mkdir` gives its mode to the last one only."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o750)


def _compare(file: Path, manifest: Manifest, found: dict[str, Entry]) -> None:
    wrong = sorted(
        name
        for name in manifest.members.keys() | found.keys()
        if manifest.members.get(name) != found.get(name)
    )
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Refused(
            f"{file} is not as it was made: {', '.join(wrong[:3])}{more} does not match its digest.",
            remedy=_ANOTHER,
        )
    if DATABASE[manifest.database] not in found:
        raise Refused(f"{file} holds no database.", remedy=_ANOTHER)
