"""What a playbook's files were at each time: recorded when they are saved and when an order is planned with them."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.models import ProvisioningPlaybookVersion as Version
from trunkline_provisioning.run_folder import PREFIX, folder_root

#: A playbook is text that people read; more than this is something else in the wrong folder.
_LONGEST = 2_000_000


def files_of(folder: Path) -> dict[str, str]:
    """Texts of all files below a playbook's folder. Raises Refused when there is too much, or something that is no text."""
    found: dict[str, str] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or any(
            part.startswith(".") or part == "__pycache__" for part in Path(name).parts
        ):
            continue
        size += path.stat().st_size
        if size > _LONGEST:
            raise Refused(
                _(
                    "The playbook {name} holds more than {limit} MB.",
                    name=folder.name,
                    limit=_LONGEST // 1_000_000,
                ),
                field="playbook",
                remedy=_("Keep only its YAML files, templates and scripts there."),
            )
        try:
            found[name] = path.read_text()
        except UnicodeDecodeError as error:
            raise Refused(
                _("{file} of the playbook {name} is no text.", file=name, name=folder.name),
                field="playbook",
                remedy=_("Keep only its YAML files, templates and scripts there."),
            ) from error
    return found


def texts_of(playbook: Playbook, words: Sequence[str]) -> list[str]:
    """Texts of the named files of a playbook, and of all that lies in folders below it, which they may include."""
    return texts_among(files_of(playbook.folder), words)


def texts_among(files: Mapping[str, str], words: Sequence[str]) -> list[str]:
    """The same of files that have been read."""
    wanted = {f"{word}.yml" for word in words}
    return [text for name, text in files.items() if name in wanted or "/" in name]


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256 that is the same for the same names and texts."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        digest.update(f"{name}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()


def record(
    ctx: Context, playbook: Playbook, *, note: str = "", files: Mapping[str, str] | None = None
) -> Version:
    """The newest version, which is made when the files are not as it has them; `files` as in `freeze`."""
    files = files_of(playbook.folder) if files is None else files
    digest = digest_of(files)
    last = latest(ctx, playbook.name)
    if last is not None and last.digest == digest:
        return last
    version = Version(
        playbook=playbook.name,
        number=(last.number if last else 0) + 1,
        digest=digest,
        source=playbook.source,
        files=dict(files),
        note=note,
        made_at=ctx.now(),
        made_by=ctx.actor.name,
    )
    ctx.session.add(version)
    ctx.session.flush()
    return version


def freeze(ctx: Context, playbook: Playbook, files: Mapping[str, str] | None = None) -> int:
    """The number of a version that holds what the playbook's folder holds now; recorded when there is none.

    `files` is what was read there in this unit of work.
    """
    files = files_of(playbook.folder) if files is None else files
    known = number_of(ctx, playbook.name, files)
    if known is not None:
        return known
    try:
        with ctx.session.begin_nested():
            return record(ctx, playbook, files=files).number
    except IntegrityError:
        # Somebody else's order has recorded it just now.
        return freeze(ctx, playbook, files)


def number_of(ctx: Context, name: str, files: Mapping[str, str]) -> int | None:
    """The newest version of a playbook that holds these files; None where they are not recorded."""
    return ctx.session.scalars(
        select(Version.number)
        .where(col(Version.digest) == digest_of(files), col(Version.playbook) == name)
        .order_by(col(Version.number).desc())
        .limit(1)
    ).first()


def latest(ctx: Context, name: str) -> Version | None:
    """The newest recorded version of a playbook."""
    newest = select(func.max(Version.number)).where(col(Version.playbook) == name).scalar_subquery()
    return ctx.session.scalars(
        select(Version).where(col(Version.playbook) == name, col(Version.number) == newest)
    ).one_or_none()


def versions(ctx: Context, name: str) -> list[Version]:
    """Every recorded version of a playbook, the newest first."""
    return list(
        ctx.session.scalars(
            select(Version)
            .where(col(Version.playbook) == name)
            .order_by(col(Version.number).desc())
            .limit(200)
        )
    )


def version(ctx: Context, name: str, number: int) -> Version:
    """One version. Raises NotFound."""
    found = ctx.session.scalars(
        select(Version).where(col(Version.playbook) == name, col(Version.number) == number)
    ).one_or_none()
    if found is None:
        raise NotFound(
            _("The playbook {name} has no version {number}.", name=name, number=number), field="version"
        )
    return found


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """A unified diff of all files that differ; empty when none does."""
    parts = []
    for name in sorted(set(before) | set(after)):
        lines = unified_diff(
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
            name if name in before else "/dev/null",
            name if name in after else "/dev/null",
            lineterm="",
        )
        parts += list(lines)
    return "\n".join(parts)


@contextmanager
def unfolded(playbook: str, files: Mapping[str, str]) -> Iterator[Path]:
    """The files of a version in a folder of their own, called like the playbook; gone afterwards, or when a worker sweeps."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=folder_root()) as place:
        folder = Path(place) / playbook
        folder.mkdir()
        for name, text in files.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ValueError(f"{name!r} lies outside the playbook")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        yield folder
