"""Pages of provisioning: the playbooks, who uses them, whether they can be read."""

from starlette.responses import Response

from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_provisioning import elements, queries, versions
from trunkline_provisioning.linting import lint
from trunkline_provisioning.settings import ProvisioningSettings

PAGES = Pages()


@PAGES.get("/provisioning/playbooks", permission="provisioning.playbook.list")
def list_playbooks(page: Page) -> Response:
    """Every playbook with its source and state."""
    page.title = str(_("Playbooks"))
    page.crumbs((str(_("Playbooks")), ""))
    return page.render(
        "provisioning/playbooks.html",
        playbooks=queries.playbooks(page.ctx),
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
        hints=[finding for finding in lint(source) if finding.level == "warning"],
        newest=newest,
        changed=newest is not None and newest.digest != queries.digest(page.ctx, name),
        jobs=queries.open_jobs(page.ctx, name),
        elements=elements.named(texts),
        missing=elements.missing(page.ctx, texts),
    )
