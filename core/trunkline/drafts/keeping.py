"""Keeping, offering and dropping drafts. Each is of the person who acts, and nobody else's."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select
from sqlmodel import col

from trunkline.db.prepared import Prepared
from trunkline.db.upserting import insert_into
from trunkline.drafts.models import Draft
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_DRAFT = Draft.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
_KEPT = timedelta(days=14)
#: The word of whichever form its writer was asked in the middle of who they are; one at a time, and not for long, as such
#: forms may be about rights and money.
INTERRUPTED = "interrupted"
_AWAIT_RETURN = timedelta(hours=1)
_NEVER_KEPT = re.compile(
    r"csrf_token|draft_\w+|idempotency_key|(.*_)?(password|secret|token|code|pin|puk|key)(_.*)?"
)
_MOST_FIELDS, _MOST_SIGNS, _LONGEST_ADDRESS = 400, 40_000, 300
_OFFERED = Prepared(
    select(_DRAFT.c.form, _DRAFT.c.resume, _DRAFT.c.fields, _DRAFT.c.saved_at).where(
        _DRAFT.c.user_id == bindparam("user"), _DRAFT.c.form == bindparam("form")
    )
)


@dataclass(frozen=True)
class Offer:
    """A draft as a page offers it. Posting `fields` to `resume` shows the form as it was."""

    form: str
    resume: str
    fields: Sequence[tuple[str, str]]
    saved_at: datetime


def keep(ctx: Context, form: str, resume: str, fields: Sequence[tuple[str, str]]) -> None:
    """Keep what the actor typed, in place of what was kept before. Raises Refused for more than any form holds."""
    if (
        len(resume) > _LONGEST_ADDRESS
        or len(fields) > _MOST_FIELDS
        or sum(len(name) + len(value) for name, value in fields) > _MOST_SIGNS
    ):
        raise Refused(_("This is too long to be kept as a draft."), remedy=_("Send the form."))
    if ctx.actor.id is None or not any(value for _name, value in fields):
        return
    values = {"resume": resume, "fields": [list(pair) for pair in fields], "saved_at": ctx.now()}
    connection = ctx.session.connection()
    insert = insert_into(_DRAFT, connection.dialect.name)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["user_id", "form"], set_=values),
        {"user_id": ctx.actor.id, "form": form, **values},
    )


def keep_interrupted(ctx: Context, resume: str, fields: Iterable[tuple[str, object]]) -> None:
    """Keep what the actor sent to `resume`, a path with its query, before they are asked who they are; no files, no secrets."""
    typed = [
        (name, value)
        for name, value in fields
        if isinstance(value, str) and not _NEVER_KEPT.fullmatch(name.rpartition(".")[2])
    ]
    with suppress(Refused):
        keep(ctx, INTERRUPTED, resume, typed)


def interrupted(ctx: Context, path: str) -> Offer | None:
    """What the actor sent to `path` within the hour, when they were asked who they are instead."""
    offer = offered(ctx, INTERRUPTED)
    fits = (
        offer is not None
        and offer.resume.partition("?")[0] == path
        and offer.saved_at > ctx.now() - _AWAIT_RETURN
    )
    return offer if fits else None


def offered(ctx: Context, form: str) -> Offer | None:
    """What the actor left half filled in, if anything."""
    if ctx.actor.id is None:
        return None
    row = _OFFERED.first(ctx, user=ctx.actor.id, form=form)
    if row is None or row.saved_at < ctx.now() - _KEPT:
        return None
    return Offer(row.form, row.resume, [(name, value) for name, value in row.fields], row.saved_at)


def drop(ctx: Context, form: str) -> bool:
    """The form was sent, or its draft is not wanted. Of two at once, one is told that there was a draft."""
    mine = delete(Draft).where(col(Draft.user_id) == ctx.actor.id, col(Draft.form) == form)
    found = ctx.session.execute(mine.returning(col(Draft.form)))
    return found.first() is not None


def forget_old(ctx: Context) -> None:
    """Delete drafts of two weeks ago, and what was interrupted and not gone on with."""
    over = (col(Draft.form) == INTERRUPTED) & (col(Draft.saved_at) < ctx.now() - _AWAIT_RETURN)
    ctx.session.execute(delete(Draft).where(or_(col(Draft.saved_at) < ctx.now() - _KEPT, over)))
