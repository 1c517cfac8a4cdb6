"""What names the person outside rows of their own: the index, files, drafts, lists and imports."""

import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, update
from sqlmodel import SQLModel, col

from trunkline.contracts.operations.documents import FILE_KIND
from trunkline.customers.erasing.log import without
from trunkline.customers.erasing.parts import Person
from trunkline.customers.models import Site
from trunkline.drafts.models import Draft
from trunkline.files import operations as files
from trunkline.files.models import StoredFile
from trunkline.geocoding.operations import forget_answers
from trunkline.imports import storage
from trunkline.imports.models import ImportRun, ImportState
from trunkline.lists import working
from trunkline.lists.models import ListRun, RunKind
from trunkline.mail.models import Email
from trunkline.mail.transports import spool_folder as mail_spool
from trunkline.mail.transports import spooled_as
from trunkline.operation import Context
from trunkline.search.forgetting import forget
from trunkline.sms.models import Sms
from trunkline.sms.transports import spool_folder as sms_spool

log = logging.getLogger(__name__)


def forget_search(ctx: Context, person: Person) -> int:
    """Out of the index at once; what stays comes back under the pseudonym."""
    return forget(ctx, person.customer_ids)


def sent_to(model: Any) -> Callable[[Person], ColumnElement[bool]]:
    """Messages to the customer, and those of nobody that went to an address of theirs."""
    return lambda person: or_(
        col(model.customer_id).in_(person.customer_ids),
        and_(col(model.customer_id).is_(None), col(model.recipient).in_(person.addresses)),
    )


def discard_spooled(ctx: Context, person: Person) -> int:
    """Messages to them that were written into the spool folders instead of being sent."""
    names = ctx.session.scalars(select(col(Email.message_id)).where(sent_to(Email)(person))).all()
    for name in names:
        _remove_later(ctx, mail_spool(ctx.app) / spooled_as(name))
    numbers = ctx.session.scalars(select(col(Sms.number)).where(sent_to(Sms)(person))).all()
    for number in numbers:
        _remove_later(ctx, sms_spool(ctx.app) / f"{number}.json")
    return len(names) + len(numbers)


def attached(person: Person) -> ColumnElement[bool]:
    """Files of the customer; the documents of contracts have a term of their own."""
    return and_(col(StoredFile.customer_id).in_(person.customer_ids), col(StoredFile.kind) != FILE_KIND)


def discard_files(ctx: Context, person: Person) -> int:
    """The contents of their files go once the rows are gone for good."""
    digests = ctx.session.scalars(select(col(StoredFile.digest)).where(attached(person))).all()
    files.discard_later(ctx, digests)
    return len(digests)


def forget_geocoding(ctx: Context, person: Person) -> int:
    """What was answered about their addresses."""
    sites = ctx.session.scalars(select(Site).where(col(Site.customer_id).in_(person.customer_ids))).all()
    return forget_answers(ctx, sites)


def _of_users() -> Sequence[Table]:
    """Tables whose rows go with the user that they belong to, those that others refer to last."""
    return [
        table
        for table in reversed(SQLModel.metadata.sorted_tables)
        if "user_id" in table.c
        and any(
            key.target_fullname == "core_user.id" and key.ondelete == "CASCADE"
            for key in table.c.user_id.foreign_keys
        )
    ]


def count_of_users(ctx: Context, person: Person) -> int:
    """How many rows belong to their portal users."""
    if not person.user_ids:
        return 0
    counts = [
        select(func.count()).select_from(table).where(table.c.user_id.in_(person.user_ids))
        for table in _of_users()
        if table.name.startswith("core_")
    ]
    return sum(ctx.session.scalar(one) or 0 for one in counts)


def forget_of_users(ctx: Context, person: Person) -> int:
    """Sessions, keys, factors, codes, drafts, lists as they liked them."""
    done = 0
    for table in _of_users():
        if person.user_ids and table.name.startswith("core_"):
            gone: Any = ctx.session.execute(delete(table).where(table.c.user_id.in_(person.user_ids)))
            done += gone.rowcount
    return done


def _drafts(person: Person) -> Any:
    told = [col(Draft.resume).contains(number) for number in person.numbers]
    return or_(person.told_in(col(Draft.fields), col(Draft.resume)), *told)


def count_drafts(ctx: Context, person: Person) -> int:
    """What colleagues typed about them and did not send."""
    return ctx.session.scalar(select(func.count(col(Draft.id))).where(_drafts(person))) or 0


def forget_drafts(ctx: Context, person: Person) -> int:
    """Delete these."""
    gone: Any = ctx.session.execute(delete(Draft).where(_drafts(person)))
    return int(gone.rowcount)


def _exports(ctx: Context) -> Sequence[ListRun]:
    """Files of lists that wait to be fetched: any may hold the customer, and each can be made again."""
    return ctx.session.scalars(
        select(ListRun).where(col(ListRun.kind) == RunKind.EXPORT, col(ListRun.stored_as) != "")
    ).all()


def count_exports(ctx: Context, person: Person) -> int:
    """How many such files there are."""
    return len(_exports(ctx))


def forget_exports(ctx: Context, person: Person) -> int:
    """Remove these files, and what lists were asked for by the person's name."""
    runs = _exports(ctx)
    for run in runs:
        _remove_later(ctx, working.folder(ctx.app) / run.stored_as)
    keys = [run.key for run in runs]
    ctx.session.execute(
        update(ListRun).where(col(ListRun.id).in_(keys)).values(stored_as="", expires_at=None)
    )
    told = person.told_in(col(ListRun.query), col(ListRun.values), col(ListRun.error))
    for run in ctx.session.scalars(select(ListRun).where(told)).all():
        clean = {"values": without(run.values, person.called), "query": without(run.query, person.called)}
        ctx.session.execute(update(ListRun).where(col(ListRun.id) == run.key).values(**clean, error=""))
    return len(runs)


def _imports(ctx: Context, person: Person) -> list[tuple[ImportRun, list[Path]]]:
    """Runs whose report or stored files name the person, with these files."""
    told = set(
        ctx.session.scalars(
            select(col(ImportRun.id)).where(
                person.told_in(
                    col(ImportRun.report),
                    col(ImportRun.options),
                    col(ImportRun.error),
                    col(ImportRun.file_name),
                )
            )
        )
    )
    found = []
    for run in ctx.session.scalars(select(ImportRun).order_by(col(ImportRun.id))):
        paths = [
            path
            for path in _stored(ctx, run)
            if path.is_file() and (run.id in told or _tells(path, person.called))
        ]
        if paths or run.id in told:
            found.append((run, paths))
    return found


def _stored(ctx: Context, run: ImportRun) -> list[Path]:
    if run.stored_as:
        return [storage.folder(ctx.app) / run.stored_as, storage.errors_path(ctx.app, run.stored_as)]
    return []


def _tells(path: Path, words: Sequence[str]) -> bool:
    """Whether a file holds one of the words, in a spreadsheet too."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            contents = [archive.read(name) for name in archive.namelist()]
    else:
        contents = [path.read_bytes()]
    return any(word.encode() in content for word in words for content in contents)


def count_imports(ctx: Context, person: Person) -> int:
    """How many imports name the person."""
    return len(_imports(ctx, person))


def forget_imports(ctx: Context, person: Person) -> int:
    """Remove the files, and what reports say of the person's rows."""
    found = _imports(ctx, person)
    for run, paths in found:
        for path in paths:
            _remove_later(ctx, path)
        clean: dict[str, Any] = {
            name: without(getattr(run, name), person.called)
            for name in ("report", "options", "error", "file_name")
        }
        if paths and run.state in (ImportState.CHECKING, ImportState.CHECKED):
            clean["state"] = ImportState.REFUSED
        ctx.session.execute(update(ImportRun).where(col(ImportRun.id) == run.key).values(**clean))
    return len(found)


def _remove_later(ctx: Context, path: Path) -> None:
    ctx.after_commit.append(lambda: _remove(path))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the erasure stands whatever the disk says; the sweep of old files comes by
        log.exception("the file %s is not removed yet", path.name)
