"""REST: the wording of letters."""

from trunkline.errors import NotFound
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.mail_templates import operations, queries
from trunkline.mail_templates.schemas import PreviewOut, SampleOut, WordingFields, WordingOut
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/letters", "letters")
_EDIT = "core.mail_template.edit"


@rest.get("", permission="core.mail_template.view")
def letters(ctx: Context) -> list[str]:
    """Names of the letters that can be worded, as in `billing/invoice_issued`."""
    return [letter.name.replace("/mail/", "/") for letter in queries.letters(ctx)]


@rest.get("/{plugin}/{name}/{language}", permission="core.mail_template.view")
def wording(ctx: Context, plugin: str, name: str, language: str) -> WordingOut:
    """What goes out now."""
    return _wording(ctx, plugin, name, language)


@rest.patch("/{plugin}/{name}/{language}", permission=_EDIT)
def word(
    ctx: Context,
    plugin: str,
    name: str,
    language: str,
    command: WordingFields,
    version: int | None = if_match,
) -> WordingOut:
    """Let a letter go out in these words from now on. `If-Match` takes its `version`, 0 while nobody worded it."""
    wanted = command.model_copy(update={"version": version})
    operations.word(ctx, _full(plugin, name, language), language, wanted)
    return _wording(ctx, plugin, name, language)


@rest.delete("/{plugin}/{name}/{language}", permission=_EDIT)
def restore(ctx: Context, plugin: str, name: str, language: str) -> None:
    """Let a letter go out in its own words again."""
    operations.restore(ctx, _full(plugin, name, language), language)


@rest.post("/{plugin}/{name}/{language}/preview", permission=_EDIT, status=200, reads=True)
def preview(ctx: Context, plugin: str, name: str, language: str, command: WordingFields) -> PreviewOut:
    """A letter in these words with its sample values; nothing is saved."""
    shown = operations.try_out(ctx, _full(plugin, name, language), language, command)
    return PreviewOut(subject=shown.subject, text=shown.text, html=shown.html)


@rest.post("/{plugin}/{name}/{language}/sample", permission=_EDIT, status=202)
def send_sample(ctx: Context, plugin: str, name: str, language: str) -> SampleOut:
    """Mail a letter as it goes out now, with its sample values, to the caller."""
    email = operations.send_sample(ctx, _full(plugin, name, language), language)
    return SampleOut(email=email.number, recipient=email.recipient)


def _full(plugin: str, name: str, language: str) -> str:
    if language not in LANGUAGES:
        raise NotFound(_("There is no language {name} here.", name=language))
    return f"{plugin}/mail/{name}"


def _wording(ctx: Context, plugin: str, name: str, language: str) -> WordingOut:
    full = _full(plugin, name, language)
    queries.letter(ctx, full)
    words, stored = queries.words_in_force(ctx, full, language), queries.stored(ctx, full, language)
    return WordingOut(
        name=f"{plugin}/{name}",
        language=language,
        own=stored is not None,
        subject=words.subject,
        text=words.text,
        html=words.html,
        version=stored.version if stored else 0,
    )
