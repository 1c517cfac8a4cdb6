"""Pages on which people write playbooks: the editor, versions, and trials."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_provisioning import editing, elements, library, queries, trials, versions
from trunkline_provisioning.checking import undo_of
from trunkline_provisioning.declaring import WORD, looks, verify_of
from trunkline_provisioning.forms import NewFile, NewPlaybook, PlaybookText, TryPlaybook
from trunkline_provisioning.linting import lint

PAGES = Pages()
_LIST = "/provisioning/playbooks"
_ONE = f"{_LIST}/{{name}}"


def _crumbs(page: Page, name: str, last: str) -> None:
    page.crumbs((str(_("Playbooks")), _LIST), (name, f"{_LIST}/{name}"), (last, ""))


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Playbooks")), _LIST), (str(_("Add playbook")), ""))
    return {"form_options": {"cancel": _LIST}}


@PAGES.form(
    f"{_LIST}/new",
    permission="provisioning.playbook.create",
    schema=NewPlaybook,
    template="provisioning/form.html",
    title=_("Add playbook"),
    initial=_new,
    submit=_("Add playbook"),
)
def new(page: Page, command: NewPlaybook) -> Response:
    """Add a playbook and open its editor."""
    playbook = editing.create(page.ctx, command.name)
    return page.redirect(f"{_LIST}/{playbook.name}/edit/do", str(_("{name} was added.", name=playbook.name)))


def _new_file(page: Page, name: str) -> Mapping[str, Any]:
    _crumbs(page, queries.playbook(page.ctx, name).name, str(_("Add file")))
    return {"word": page.query.get("word", ""), "form_options": {"cancel": f"{_LIST}/{name}"}}


@PAGES.form(
    f"{_ONE}/files/new",
    permission="provisioning.playbook.edit",
    schema=NewFile,
    template="provisioning/form.html",
    title=_("Add file"),
    initial=_new_file,
    submit=_("Add file"),
)
def new_file(page: Page, command: NewFile, name: str) -> Response:
    """Add a file with a text to begin from, and open its editor."""
    if command.word in queries.playbook(page.ctx, name).words:
        raise Refused(_("There is such a file already."), field="word")
    editing.save_file(page.ctx, name, command.word, editing.skeleton(name, command.word))
    return page.redirect(f"{_LIST}/{name}/edit/{command.word}")


def _text(page: Page, name: str, word: str) -> Mapping[str, Any]:
    playbook = queries.playbook(page.ctx, name)
    if word not in playbook.words:
        raise NotFound(_("There is no such file."), field="file")
    _crumbs(page, name, f"{word}.yml")
    newest = versions.latest(page.ctx, name)
    return {
        "text": queries.source(page.ctx, name, word),
        "version": newest.number if newest else 0,
        "form_options": {"cancel": f"{_LIST}/{name}?file={word}"},
    }


def _around(page: Page, name: str, word: str) -> Mapping[str, Any]:
    """What the editor shows beside the text: all problems of what was sent, or what could be better in what is there."""
    sent = page.form_data.get("text")
    text = str(sent) if sent is not None else queries.source(page.ctx, name, word)
    problems = editing.problems_of(page.ctx, name, word, text) if sent is not None else []
    found = [one for one in lint(editing.tidy(text), only_looks=looks(word)) if one.level != "warning"]
    hints = queries.hints_of(page.ctx, name, word, editing.tidy(text))
    playbook = queries.playbook(page.ctx, name)
    return {
        "playbook": playbook,
        "look": next((file.look for file in playbook.files if file.word == word), None),
        "word": word,
        "undone_by": undo_of(word),
        "problems": problems,
        "verify": verify_of(word) if undo_of(word) else "",
        "schema": word == WORD,
        "hints": sorted(
            [*hints, *(found if sent is None and word != WORD else [])], key=lambda one: one.line
        ),
    }


@PAGES.form(
    f"{_ONE}/edit/{{word}}",
    permission="provisioning.playbook.edit",
    schema=PlaybookText,
    template="provisioning/editor.html",
    title=_("Edit playbook"),
    initial=_text,
    extra=_around,
    submit=_("Check and save"),
)
def edit(page: Page, command: PlaybookText, name: str, word: str) -> Response:
    """Save one file, once nothing is wrong with it."""
    saved = editing.save_file(page.ctx, name, word, command.text, note=command.note, version=command.version)
    return page.redirect(f"{_LIST}/{name}?file={word}", str(_("Saved as version {n}.", n=saved.number)))


@PAGES.get(f"{_ONE}/versions", permission="provisioning.playbook.view")
def list_versions(page: Page, name: str) -> Response:
    """Every version of a playbook."""
    found = versions.versions(page.ctx, name)
    known = library.library(page.app).get(name)
    if not found and known is None:
        raise NotFound(_("There is no playbook “{name}”.", name=name), field="name")
    page.title = str(_("Versions of {name}", name=name))
    _crumbs(page, name, str(_("Versions")))
    digest = versions.digest_of(versions.files_of(known.folder)) if known else ""
    return page.render(
        "provisioning/versions.html",
        name=name,
        versions=found,
        digest=digest,
        exists=known is not None,
        jobs=queries.open_jobs(page.ctx, name),
    )


@PAGES.get(f"{_ONE}/versions/{{number:int}}", permission="provisioning.playbook.view")
def show_version(page: Page, name: str, number: int) -> Response:
    """What a version changed, against the one before it or against another one."""
    version = versions.version(page.ctx, name, number)
    known = library.library(page.app).get(name)
    against = page.query.get("against", "")
    if against == "now":
        other = versions.files_of(library.find(page.app, name).folder)
        before, after = version.files, other
    else:
        before = versions.version(page.ctx, name, number - 1).files if number > 1 else {}
        after = version.files
    page.title = str(_("Version {n} of {name}", n=number, name=name))
    page.crumbs(
        (str(_("Playbooks")), _LIST),
        (name, f"{_LIST}/{name}"),
        (str(_("Versions")), f"{_LIST}/{name}/versions"),
        (str(number), ""),
    )
    return page.render(
        "provisioning/version.html",
        name=name,
        version=version,
        against=against,
        exists=known is not None,
        is_present=known is not None
        and version.digest == versions.digest_of(versions.files_of(known.folder)),
        difference=versions.difference(before, after),
    )


@PAGES.post(f"{_ONE}/versions/{{number:int}}/bring-back", permission="provisioning.playbook.edit")
def bring_back(page: Page, name: str, number: int) -> Response:
    """Make an earlier version the present one."""
    saved = editing.bring_back(page.ctx, name, number)
    return page.redirect(f"{_LIST}/{name}", str(_("Saved as version {n}.", n=saved.number)))


@PAGES.post(f"{_ONE}/remove", permission="provisioning.playbook.delete")
def remove(page: Page, name: str) -> Response:
    """Remove the operator's playbook."""
    stays = editing.remove(page.ctx, name)
    words = (
        _("The playbook that came with a plugin is used again.") if stays else _("The playbook was removed.")
    )
    return page.redirect(f"{_LIST}/{name}" if stays else _LIST, str(words))


def _trial(page: Page, name: str) -> Mapping[str, Any]:
    playbook = queries.playbook(page.ctx, name)
    _crumbs(page, name, str(_("Try it")))
    files = [(word, f"{word}.yml") for word in playbook.runnable]
    known = [(one.name, f"{one.label} ({one.name})") for one in elements.elements(page.ctx)]
    return {
        "word": page.query.get("file", playbook.words[0]),
        "check": True,
        "form_options": {
            "cancel": f"{_LIST}/{name}",
            "choices": {"word": files, "element": known},
        },
    }


@PAGES.form(
    f"{_ONE}/try",
    permission="provisioning.playbook.run",
    schema=TryPlaybook,
    template="provisioning/form.html",
    title=_("Try a playbook"),
    initial=_trial,
    submit=_("Run it"),
)
def try_out(page: Page, command: TryPlaybook, name: str) -> Response:
    """Queue a trial and show its job."""
    number = trials.try_out(
        page.ctx,
        name,
        command.word,
        element=command.element,
        service=command.service.strip(),
        variables=_variables(command.variables),
        check=command.check,
    )
    return page.redirect(f"/jobs/{number}")


def _variables(text: str) -> Mapping[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text) if text.strip() else {}
    except (yaml.YAMLError, ValueError) as error:
        # A date that does not exist is a bare ValueError.
        raise Refused(
            _("This is no YAML: {reason}", reason=" ".join(str(error).split())), field="variables"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise Refused(
            _("Write names with values, as in parameters: {example}.", example="{wifi_name: Casa}"),
            field="variables",
        )
    return found
