"""Wording letters."""

from secrets import token_hex

from trunkline.auth.models import User
from trunkline.errors import Refused
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.mail.models import Email
from trunkline.mail.operations import queue
from trunkline.mail.rendering import RenderedMail, Wording, render_mail
from trunkline.mail_templates import queries
from trunkline.mail_templates.events import MailTemplateChanged, MailTemplateRestored
from trunkline.mail_templates.models import MailWording
from trunkline.mail_templates.schemas import WordingFields
from trunkline.operation import Context, operation
from trunkline.versions import require_version


@operation("core.mail_template.edit")
def word(ctx: Context, name: str, language: str, command: WordingFields) -> MailWording:
    """Let a letter go out in these words from now on.

    Raises NotFound for an unknown letter, Refused (field `subject`, `text` or `html`) for words that cannot be rendered with the
    letter's sample, Conflict when somebody was quicker.
    """
    try_out(ctx, name, language, command)
    stored = queries.stored(ctx, name, language, lock=True)
    if stored is None:
        stored = MailWording(template=name, language=language, subject="", text="")
        ctx.session.add(stored)
    else:
        require_version(stored, command.version, command.model_dump(include={"subject", "text", "html"}))
    stored.subject, stored.text, stored.html = command.subject, command.text, command.html
    ctx.session.flush()
    ctx.note(stored, label=f"{name} ({language})")
    ctx.emit(MailTemplateChanged(entity_id=stored.key, template=name, language=language))
    return stored


@operation("core.mail_template.edit")
def restore(ctx: Context, name: str, language: str) -> None:
    """Let a letter go out in its own words again."""
    stored = queries.stored(ctx, name, language, lock=True)
    if stored is not None:
        ctx.note(stored, label=f"{name} ({language})")
        ctx.emit(MailTemplateRestored(entity_id=stored.key, template=name, language=language))
        ctx.session.delete(stored)


@operation("core.mail_template.edit")
def send_sample(ctx: Context, name: str, language: str) -> Email:
    """Mail the letter as it goes out now, with its sample, to whoever asks. Raises NotFound, Refused for want of an address."""
    sample = queries.letter(ctx, name).sample_in(language)
    user = ctx.session.get(User, ctx.actor.id) if ctx.actor.id is not None else None
    if user is None or not user.email:
        raise Refused(_("There is no e-mail address to write to."), remedy=_("Add one first."))
    key = f"sample:{name}:{language}:{token_hex(8)}"
    email = queue(ctx, template=name, to=user.email, language=language, context=sample, key=key)
    ctx.note(email, label=f"{name} ({language})")
    return email


def try_out(ctx: Context, name: str, language: str, words: WordingFields) -> RenderedMail:
    """The letter in these words, with its sample values. Raises as `word`."""
    if language not in LANGUAGES:
        raise Refused(_("Choose one of the languages offered."), field="language")
    sample = queries.letter(ctx, name).sample_in(language)
    for field in ("subject", "text", "html"):
        part: str = getattr(words, field)
        only = (
            {"subject": part or "–", "text": "–"}
            if field == "subject"
            else {"subject": "–", "text": "–", field: part}
        )
        try:
            render_mail(ctx.app, name, language, sample, wording=Wording(**only))
        except Refused as error:
            raise Refused(
                error.message,
                field=field,
                remedy=_("Use the names listed beside the form, between double braces."),
            ) from error
    return render_mail(
        ctx.app, name, language, sample, wording=Wording(words.subject, words.text, words.html)
    )
