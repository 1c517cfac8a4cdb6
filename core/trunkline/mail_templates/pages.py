"""The pages on which letters are worded."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.errors import NotFound, Refused
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.mail_templates import operations, queries
from trunkline.mail_templates.schemas import WordingFields
from trunkline.settings.entries import way
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages

pages = Pages()
_LIST = "/letters"
_ONE = f"{_LIST}/{{plugin}}/{{name}}/{{language}}"
_EDIT = "core.mail_template.edit"


@pages.get(_LIST, permission="core.mail_template.view")
def letters(page: Page) -> Response:
    page.title = _("Letters")
    page.crumbs(*way(page), (page.title, ""))
    return page.render("mail_templates/list.html", letters=queries.letters(page.ctx), language=page.locale)


def _opened(page: Page, plugin: str, name: str, language: str) -> Mapping[str, Any]:
    full = _full(plugin, name, language)
    letter = queries.letter(page.ctx, full)
    page.crumbs(*way(page), (_("Letters"), _LIST), (_(letter.label), ""))
    words, stored = (
        queries.words_in_force(page.ctx, full, language),
        queries.stored(page.ctx, full, language),
    )
    return {
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
        # Nobody worded it yet: the second of two who do so at once is told of the first.
        "version": stored.version if stored else 0,
        "form_options": {"cancel": _LIST},
    }


def _around(page: Page, plugin: str, name: str, language: str) -> Mapping[str, Any]:
    full = _full(plugin, name, language)
    letter = queries.letter(page.ctx, full)
    words = queries.words_in_force(page.ctx, full, language)
    command = WordingFields(subject=words.subject, text=words.text, html=words.html)
    return {
        "letter": letter,
        "path": f"{_LIST}/{plugin}/{name}",
        "language": language,
        "languages": LANGUAGES,
        "own": queries.stored(page.ctx, full, language) is not None,
        "shown": operations.try_out(page.ctx, full, language, command),
        "unsaved": False,
        "changes": queries.changes(page.ctx, full, language),
    }


@pages.form(
    _ONE,
    permission=_EDIT,
    schema=WordingFields,
    template="mail_templates/letter.html",
    title=_("Word a letter"),
    initial=_opened,
    extra=_around,
)
def word(page: Page, command: WordingFields, plugin: str, name: str, language: str) -> Response:
    operations.word(page.ctx, _full(plugin, name, language), language, command)
    return page.redirect(
        f"{_LIST}/{plugin}/{name}/{language}", _("Saved. The next letter goes out like this.")
    )


@pages.post(f"{_ONE}/preview", permission=_EDIT, reads=True)
def preview(page: Page, plugin: str, name: str, language: str) -> Response:
    opened = dict(_opened(page, plugin, name, language))
    options = opened.pop("form_options")
    action = f"{_LIST}/{plugin}/{name}/{language}"
    form = Form(
        WordingFields,
        opened,
        csrf_token=page.csrf_token,
        version=opened["version"],
        action=action,
        **options,
    ).parse(page.form_data)
    around = dict(_around(page, plugin, name, language))
    page.title = _("Word a letter")
    if form.valid:
        try:
            full = _full(plugin, name, language)
            around |= {
                "shown": operations.try_out(page.ctx, full, language, form.command),
                "unsaved": True,
            }
        except Refused as error:
            form.refuse(error.field, str(error))
    return page.render("mail_templates/letter.html", status=200 if form.valid else 422, form=form, **around)


@pages.post(f"{_ONE}/sample", permission=_EDIT)
def send_sample(page: Page, plugin: str, name: str, language: str) -> Response:
    email = operations.send_sample(page.ctx, _full(plugin, name, language), language)
    said = _("It goes to {address}, as the letter is worded now.", address=email.recipient)
    return page.redirect(f"{_LIST}/{plugin}/{name}/{language}", str(said))


@pages.post(f"{_ONE}/restore", permission=_EDIT)
def restore(page: Page, plugin: str, name: str, language: str) -> Response:
    operations.restore(page.ctx, _full(plugin, name, language), language)
    return page.redirect(f"{_LIST}/{plugin}/{name}/{language}", _("The letter has its own words again."))


def _full(plugin: str, name: str, language: str) -> str:
    if language not in LANGUAGES:
        raise NotFound(_("There is no such page."))
    return f"{plugin}/mail/{name}"
