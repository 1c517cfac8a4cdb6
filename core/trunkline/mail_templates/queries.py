"""What is read about letters and their wordings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.db.prepared import Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import LANGUAGES, translate
from trunkline.i18n import gettext as _
from trunkline.mail.rendering import Wording
from trunkline.mail_templates.models import MailWording
from trunkline.mail_templates.originals import original
from trunkline.operation import Context
from trunkline.plugin import MailTemplate

_KIND = MailWording.__tablename__
#: The activity log has the rest.
_SHOWN = 8
_WORDINGS = columns(MailWording)
_ONE = Prepared(
    select(_WORDINGS.subject, _WORDINGS.text, _WORDINGS.html).where(
        _WORDINGS.template == bindparam("template"), _WORDINGS.language == bindparam("language")
    )
)


@dataclass(frozen=True)
class Letter:
    """A letter with the languages that the operator has worded it in."""

    name: str
    label: str
    plugin: str
    worded: Sequence[str]


@dataclass(frozen=True)
class WordingChange:
    """A change of a letter's wording; `restored`: its standard words again."""

    at: datetime
    actor: str
    restored: bool


def wording_of(ctx: Context, template: str, language: str) -> Wording | None:
    """The operator's own wording, where there is one."""
    row = _ONE.first(ctx, template=template, language=language)
    return Wording(row.subject, row.text, row.html) if row is not None else None


def letters(ctx: Context) -> list[Letter]:
    """Every letter, by plugin and label."""
    worded: dict[str, list[str]] = {}
    for name, language in ctx.session.execute(
        select(col(MailWording.template), col(MailWording.language)).order_by(col(MailWording.language))
    ):
        worded.setdefault(name, []).append(LANGUAGES.get(language, language))
    labels = {plugin.name: plugin.label for plugin in ctx.app.plugins}
    found = [
        Letter(name, translate(letter.label), labels.get(plugin, plugin), worded.get(name, ()))
        for name, (plugin, letter) in ctx.app.mail_templates.items()
    ]
    return sorted(found, key=lambda letter: (letter.plugin, letter.label))


def letter(ctx: Context, name: str) -> MailTemplate:
    """One letter. Raises NotFound."""
    if name not in ctx.app.mail_templates:
        raise NotFound(_("There is no letter “{name}”.", name=name), remedy=_("Its plugin may be disabled."))
    return ctx.app.mail_templates[name][1]


def stored(ctx: Context, name: str, language: str, *, lock: bool = False) -> MailWording | None:
    """The row of the operator's wording, where there is one."""
    statement = select(MailWording).where(
        col(MailWording.template) == name, col(MailWording.language) == language
    )
    return ctx.session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def changes(ctx: Context, name: str, language: str) -> list[WordingChange]:
    """Who worded a letter in a language, newest first, as many as fit beside a form."""
    entry = ActivityEntry
    rows = ctx.session.execute(
        select(col(entry.at), col(entry.actor), col(entry.changes))
        .where(col(entry.subject) == f"{name} ({language})", col(entry.subject_kind) == _KIND)
        .order_by(col(entry.at).desc(), col(entry.id).desc())
        .limit(_SHOWN)
    )
    return [
        WordingChange(row.at, row.actor, any(one.get("action") == "deleted" for one in row.changes))
        for row in rows
    ]


def words_in_force(ctx: Context, name: str, language: str) -> Wording:
    """What goes out now: the operator's wording, or the letter's own words."""
    own = wording_of(ctx, name, language)
    if own is not None:
        return own
    subject, text, html = (
        original(ctx.app, name, ending, language).strip() for ending in ("subject", "txt", "html")
    )
    return Wording(subject, text, html)
