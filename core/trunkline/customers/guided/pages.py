"""Adding a customer step by step: a page for each step, the overview, and all of it at once."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.customers.alike import NOTHING_TOLD, told
from trunkline.customers.guided import kept, short_form
from trunkline.customers.guided.creating import RefusedAt, create, rehearse
from trunkline.customers.guided.guide import BASE, Guide, Stage
from trunkline.customers.guided.steps import WHO
from trunkline.errors import Conflict
from trunkline.i18n import gettext as _
from trunkline.settings.core import CoreSettings
from trunkline.web.pages import Page, Pages

pages = Pages()
_CREATE = "core.customer.create"


@pages.get("/customers/add", permission=_CREATE)
def add(page: Page) -> Response:
    """The way of adding a customer that the operator has chosen."""
    chosen = page.ctx.settings(CoreSettings).add_customer_with
    return page.redirect({"guided": BASE, "short": short_form.PATH}.get(chosen, "/customers/new"))


@pages.get(BASE, permission=_CREATE)
def begin(page: Page) -> Response:
    """The first step that is not done, so that who comes back goes on where they were."""
    guide = Guide(page)
    missing = guide.missing()
    return page.redirect(f"{BASE}/overview" if missing is None else missing.path)


@pages.get(f"{BASE}/overview", permission=_CREATE)
def overview(page: Page) -> Response:
    """Everything that will be made, before it is."""
    guide = Guide(page)
    missing = guide.missing()
    if missing is not None:
        return page.redirect(missing.path)
    _head(page)
    return page.render("customers/guided/overview.html", guide=guide, at=len(guide.stages) + 1, base=BASE)


@pages.get(f"{BASE}/{{name}}", permission=_CREATE)
def step(page: Page, name: str) -> Response:
    """One step as it was left."""
    guide = Guide(page)
    stage = guide.at(name)
    missing = guide.missing()
    if missing is not None and guide.stages.index(missing) < guide.stages.index(stage):
        return page.redirect(missing.path)
    # What is kept is still being filled in.
    stage.form.errors.clear()
    return _show(page, guide, stage)


@pages.post(f"{BASE}/create", permission=_CREATE)
def finish(page: Page) -> Response:
    """Make all of it, or nothing; once, and only what the overview showed."""
    guide = Guide(page)
    if page.form_data.get("as_of", guide.as_of) != guide.as_of:
        return _other_meanwhile(page, guide)
    missing = guide.missing()
    if missing is not None:
        return page.redirect(missing.path)
    try:
        with page.ctx.session.begin_nested():
            # First, so that of two who send it at once the other one waits, and finds nothing.
            if not kept.drop(page.ctx):
                return _other_meanwhile(page, Guide(page))
            customer = create(page.ctx, guide.answers(), guide.despite)
    except RefusedAt as refused:
        page.ctx.session.rollback()
        page.ctx.after_commit.clear()
        return _refused(page, guide, refused)
    return page.redirect(f"/customers/{customer.number}", str(_("{name} was added.", name=customer.name)))


@pages.post(f"{BASE}/discard", permission=_CREATE)
def discard(page: Page) -> Response:
    """Begin anew."""
    kept.drop(page.ctx)
    return page.redirect(BASE, str(_("The draft was thrown away.")))


@pages.post(f"{BASE}/{{name}}", permission=_CREATE, reads=True)
def take(page: Page, name: str) -> Response:
    """Keep what was typed; go back without a word about it, or on once nothing would be refused."""
    guide = Guide(page)
    stage = guide.at(name)
    complete = guide.take(stage, page.form_data)
    if page.form_data.get("go") == "back":
        guide.save(guide.previous(stage) or stage.path)
        return page.redirect(guide.previous(stage) or stage.path)
    if not complete:
        guide.save(stage.path)
        return page.redirect(stage.path)
    if not stage.form.valid:
        guide.save(stage.path)
        return _show(page, guide, stage, 422)
    missing = guide.missing(until=stage)
    if missing is not None:
        guide.save(missing.path)
        return page.redirect(missing.path)
    try:
        rehearse(page.ctx, guide.answers(until=stage), guide.despite)
    except RefusedAt as refused:
        guide.save(stage.path)
        return _refused(page, guide, refused)
    guide.save(f"{BASE}/overview")
    return page.redirect(guide.next(stage))


def _other_meanwhile(page: Page, guide: Guide) -> Response:
    """To what there is now: the customers, among which it may be already, or the steps as another window left them."""
    return page.redirect(
        BASE if guide.as_of else "/customers",
        str(_("Nothing was added now: it was added, changed or thrown away before.")),
    )


def _refused(page: Page, guide: Guide, refused: RefusedAt) -> Response:
    """The step at fault, with what is wrong beside its field."""
    stage = guide.at(refused.step)
    for fault in (refused.error, *refused.error.others):
        stage.form.refuse(fault.field, str(fault))
    return _show(page, guide, stage, 409 if isinstance(refused.error, Conflict) else 422)


def _show(page: Page, guide: Guide, stage: Stage, status: int = 200) -> Response:
    _head(page)
    stage.form.action = stage.path
    return page.render(
        "customers/guided/step.html",
        status=status,
        guide=guide,
        stage=stage,
        form=stage.form,
        at=guide.stages.index(stage) + 1,
        previous=guide.previous(stage),
        base=BASE,
        **(_alike(page, guide, stage, status) if stage.step.name == WHO else {"alike": None}),
    )


def _alike(page: Page, guide: Guide, stage: Stage, status: int) -> Mapping[str, Any]:
    """Who may be registered already, once something was sent; while it is typed the page asks by itself."""
    kind = str(stage.form["kind"].shown or "individual")
    box = (
        NOTHING_TOLD
        if status == 200
        else told(page.ctx, kept.values(guide.kept.of(WHO)), kind, guide.despite)
    )
    return {**box, "kind": kind}


def _head(page: Page) -> None:
    page.title = str(_("Add customer step by step"))
    page.crumbs(
        (str(_("Customers")), "/customers"), (str(_("Add customer")), "/customers/new"), (page.title, "")
    )
