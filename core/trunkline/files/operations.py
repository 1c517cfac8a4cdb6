"""Attaching files to customers and taking them away again."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.customers import queries as customers
from trunkline.customers.archived import refuse_archived
from trunkline.errors import Refused
from trunkline.files import content, store
from trunkline.files.events import FileAttached, FileRemoved
from trunkline.files.holding import discard_unused, hold
from trunkline.files.models import StoredFile
from trunkline.files.queries import of_customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: More than anybody reads; a customer with more has a program writing there.
MOST = 500


@operation("core.file.create")
def attach(ctx: Context, customer_number: str, file: BinaryIO, name: str, note: str = "") -> StoredFile:
    """Attach a file to a customer.

    Raises Refused (field `file`) when it is empty, too large or of a kind that is not allowed, and for an archived customer.
    """
    customer = customers.get(ctx, customer_number)
    refuse_archived(ctx, customer, field="")
    held = ctx.session.execute(
        select(func.count()).where(col(StoredFile.customer_id) == customer.key)
    ).scalar_one()
    if held >= MOST:
        raise Refused(
            _("A customer holds at most {n} files.", n=MOST), field="file", remedy=_("Remove old ones first.")
        )
    stored = keep(ctx, file, name, kind="customer")
    stored.customer_id, stored.note = customer.key, note
    ctx.session.flush()
    ctx.note(stored, label=stored.name, customer=customer.number)
    ctx.emit(
        FileAttached(
            entity_id=stored.key,
            customer_id=customer.key,
            media_type=stored.media_type,
            size=stored.size,
        )
    )
    return stored


@operation("core.file.delete")
def remove(ctx: Context, customer_number: str, file_id: int) -> None:
    """Take a file away from a customer. Raises NotFound, also for a file of another customer; Refused for one of a contract."""
    stored = of_customer(ctx, customers.get(ctx, customer_number), file_id, lock=True)
    if stored.kind == "contract":
        raise Refused(
            _("{name} belongs to contract {number}.", name=stored.name, number=stored.note),
            remedy=_("Its documents are kept on the contract's own page."),
        )
    ctx.note(stored, label=stored.name, customer=customer_number, digest=stored.digest)
    ctx.emit(FileRemoved(entity_id=stored.key, customer_id=stored.customer_id))
    forget(ctx, stored)


def keep(
    ctx: Context,
    file: BinaryIO,
    name: str,
    *,
    kind: str,
    allowed: frozenset[str] = content.ALLOWED,
    largest: int = 0,
) -> StoredFile:
    """Keep a content and its row, attached to nothing yet; `largest` in bytes, else what the settings say.

    Raises Refused (field `file`) when it is empty, too large or none of the kinds allowed.
    """
    clean, found = content.clean_name(name), list[str]()
    limit = largest or ctx.settings(CoreSettings).file_megabytes * 1_000_000
    digest, size = store.put(
        ctx.app,
        file,
        largest=limit,
        check=lambda first: found.append(content.media_type_of(clean, first, allowed)),
        hold=lambda name: hold(ctx, name),
    )
    stored = StoredFile(
        kind=kind, name=clean, media_type=found[0], size=size, digest=digest, uploaded_by=ctx.actor.name
    )
    ctx.session.add(stored)
    return stored


def forget(ctx: Context, stored: StoredFile) -> None:
    """Remove a row, and after the commit its content, unless another row shares it."""
    ctx.session.delete(stored)
    ctx.session.flush()
    discard_later(ctx, [stored.digest])


def discard_later(ctx: Context, digests: Sequence[str]) -> None:
    """Remove contents after the commit, unless a row still has them; part of operations that delete the rows."""
    app = ctx.app
    for digest in digests:
        ctx.after_commit.append(partial(_discard, app, digest))


def _discard(app: "App", digest: str) -> None:
    try:
        with app.unit_of_work() as ctx:
            discard_unused(ctx, digest)
    except Exception:  # the removal stands whatever the disk or the database says now; the sweep comes by
        log.exception("the content %s is not removed yet", digest)
