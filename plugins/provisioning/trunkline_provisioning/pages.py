"""Pages of provisioning: the playbooks, who uses them, whether they can be read."""

from starlette.responses import Response

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import stretch
from trunkline_provisioning import elements, library, queries, versions
from trunkline_provisioning.checking import undo_of
from trunkline_provisioning.declaring import (
    WORD,
    Declaration,
    Unreadable,
    ValueType,
    declaration,
    looks,
    verify_of,
)
from trunkline_provisioning.library import OPERATOR
from trunkline_provisioning.schemas import PlaybookFileView, PlaybookView
from trunkline_provisioning.settings import ProvisioningSettings

PAGES = Pages()
TYPES = {
    ValueType.TEXT: _("text"),
    ValueType.INTEGER: _("whole number"),
    ValueType.NUMBER: _("number"),
    ValueType.YES_NO: _("yes or no"),
    ValueType.ADDRESS: _("IP address"),
    ValueType.LIST: _("list"),
    ValueType.MAPPING: _("mapping"),
}


def _source(playbook: PlaybookView) -> str:
    """Where it comes from, as the list says it."""
    return str(_("Your own")) if playbook.source == OPERATOR else playbook.source


@PAGES.get("/provisioning/playbooks", permission="provisioning.playbook.list")
def list_playbooks(page: Page) -> Response:
    """Every playbook with its source and state."""
    page.title = str(_("Playbooks"))
    page.crumbs((str(_("Playbooks")), ""))
    return page.render(
        "provisioning/playbooks.html",
        playbooks=stretch(
            page,
            queries.playbooks(page.ctx),
            lambda one: (one.name, _source(one), *one.products),
            "/provisioning/playbooks",
        ),
        lacking=queries.lacking_elements(page.ctx),
        settings=page.ctx.settings(ProvisioningSettings),
        hlr=queries.hlr_place(page.ctx),
    )


@PAGES.get("/provisioning/playbooks/{name}", permission="provisioning.playbook.view")
def show_playbook(page: Page, name: str) -> Response:
    """One playbook: its files, their source, what is wrong."""
    playbook = queries.playbook(page.ctx, name)
    word = page.query.get("file", playbook.words[0])
    if word not in playbook.words:
        raise NotFound(_("There is no such file."), field="file")
    source = queries.source(page.ctx, name, word)
    texts = [queries.source(page.ctx, name, one) for one in playbook.words]
    newest = versions.latest(page.ctx, name)
    marks = {file.line: file.problem for file in playbook.files if file.word == word and file.line}
    page.title = playbook.name
    page.crumbs((str(_("Playbooks")), "/provisioning/playbooks"), (playbook.name, ""))
    return page.render(
        "provisioning/playbook.html",
        playbook=playbook,
        word=word,
        source=source,
        marks=marks,
        hints=queries.hints_of(page.ctx, name, word, source),
        tabs=_tabs(playbook, word),
        verify=verify_of(word) if undo_of(word) else "",
        declared=_declared(page.ctx, name),
        types={kind.value: words for kind, words in TYPES.items()},
        newest=newest,
        changed=newest is not None and newest.digest != queries.digest(page.ctx, name),
        jobs=queries.open_jobs(page.ctx, name),
        elements=elements.named(texts),
        missing=elements.missing(page.ctx, texts),
    )


def _tabs(playbook: PlaybookView, word: str) -> list[PlaybookFileView]:
    """What declares behind do.yml, then what is run; what looks is reached from what it looks at."""
    shown = [file for file in playbook.files if not looks(file.word) or file.word == word]
    return sorted(shown, key=lambda file: (file.word != "do", file.word != WORD))


def _declared(ctx: Context, name: str) -> Declaration:
    """What the playbook declares; nothing while that cannot be read, which its problem says."""
    try:
        return declaration(library.library(ctx.app)[name].declares)
    except Unreadable:
        return Declaration()
