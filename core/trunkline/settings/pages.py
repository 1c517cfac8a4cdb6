"""The settings pages, one per plugin, made from its settings model."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline import drafts
from trunkline.auth import sudo
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext
from trunkline.settings import operations, queries
from trunkline.settings.choices import choices_of, offered
from trunkline.settings.connections import Tried, attempt, checks_of
from trunkline.settings.history import history
from trunkline.settings.queries import SettingsView
from trunkline.web.field_kinds import FieldSpec
from trunkline.web.forms import Form
from trunkline.web.pages import PROOF_LASTS, TO_FILL_IN, Page, Pages

_ = gettext

pages = Pages()


@pages.get("/settings", permission="core.settings.view")
def list_sections(page: Page) -> Response:
    page.title = _("Settings")
    return page.render(
        "settings/sections.html",
        plugins=queries.sections(page.ctx),
        changed=queries.changed_by_owner(page.ctx),
    )


@pages.get("/settings/{owner}", permission="core.settings.view")
def show_settings(page: Page, owner: str) -> Response:
    view = queries.settings_of(page.ctx, owner)
    _ask_for_secrets(page, view, PROOF_LASTS)
    form = _form(page, view)
    form.offer = drafts.interrupted(page.ctx, page.request.url.path)
    form.draft_resume = page.request.url.path
    return _render(page, view, form)


@pages.post("/settings/{owner}", permission="core.settings.edit", resumes=True)
def save_settings(page: Page, owner: str) -> Response:
    view = queries.settings_of(page.ctx, owner)
    _ask_for_secrets(page, view, PROOF_LASTS + TO_FILL_IN)
    form = _form(page, view).parse(page.form_data)
    if "draft_resume" in page.form_data:
        form.errors.clear()
        return _render(page, view, form)
    if not form.valid:
        return _render(page, view, form, 422)
    try:
        with page.ctx.session.begin_nested():
            operations.save(page.ctx, owner, _values(view, form), form.version)
            drafts.drop(page.ctx, drafts.INTERRUPTED)
    except (Refused, Conflict) as error:
        now = queries.settings_of(page.ctx, owner)
        if isinstance(error, Conflict):
            held = {name: getattr(now.current, name) for name in now.model.model_fields}
            form.clash({**held, "version": now.version})
        else:
            for fault in (error, *error.others):
                form.refuse(fault.field, str(fault))
        return _render(page, now, form, error.status)
    return page.redirect(f"/settings/{owner}", _("Saved. The settings hold from now on."))


@pages.post("/settings/{owner}/connections/{name}", permission="core.settings.edit", reads=True)
def try_connection(page: Page, owner: str, name: str) -> Response:
    view = queries.settings_of(page.ctx, owner)
    _ask_for_secrets(page, view, PROOF_LASTS + TO_FILL_IN)
    return _render(page, view, _form(page, view), tried=attempt(page.ctx, owner, name))


@pages.post("/settings/{owner}/{name}/forget", permission="core.settings.edit")
def forget_setting(page: Page, owner: str, name: str) -> Response:
    _ask_for_secrets(page, queries.settings_of(page.ctx, owner), PROOF_LASTS)
    operations.forget(page.ctx, owner, name)
    return page.redirect(f"/settings/{owner}", _("Back to the default."))


def _ask_for_secrets(page: Page, view: SettingsView, lasts: timedelta) -> None:
    """Whoever could replace a key of another system shows their password first; reading asks for none."""
    if page.can("core.settings.edit") and view.opens_secrets:
        sudo.require(page, lasts)


def _form(page: Page, view: SettingsView) -> Form[BaseModel]:
    """The form of what may be changed here. Secrets are blank, and blank keeps them."""
    choices = choices_of(page.ctx, view.owner)
    form: Form[BaseModel] = page.form(
        view.model,
        {name: getattr(view.current, name) for name in view.model.model_fields},
        exclude=[item.name for item in view.locked],
        fixed={item.name: getattr(view.current, item.name) for item in view.locked},
        version=view.version,
        choices={name: offered(options, getattr(view.current, name)) for name, options in choices.items()},
        action=f"/settings/{view.owner}",
        cancel="/settings",
    )
    kept = {item.name for item in view.secrets}
    chosen = {name for name, options in choices.items() if "" not in dict(options)}
    form.specs = [
        replace(spec, help=f"{spec.help} {_('Set. Leave it blank to keep it.')}".strip(), required=False)
        if spec.name in kept
        else replace(spec, required=spec.required or spec.name in chosen or _is_a_choice(view, spec))
        for spec in form.specs
    ]
    return form


def _is_a_choice(view: SettingsView, spec: FieldSpec) -> bool:
    """Whether a list of words needs no empty one: what is set now is one of them."""
    return getattr(view.current, spec.name) in [value for value, _label in spec.choices]


def _values(view: SettingsView, form: Form[BaseModel]) -> dict[str, Any]:
    locked = {item.name for item in view.locked}
    return {name: getattr(form.command, name) for name in view.model.model_fields if name not in locked}


def _render(
    page: Page, view: SettingsView, form: Form[BaseModel], status: int = 200, tried: Tried | None = None
) -> Response:
    page.title = _("System") if view.owner == "core" else _(view.label)
    page.crumbs((_("Settings"), "/settings"), (page.title, ""))
    changes = history(page.ctx, view.owner)
    return page.render(
        "settings/settings.html",
        status=status,
        view=view,
        form=form,
        history=changes,
        connections=checks_of(page.app, view.owner),
        tried=tried,
    )
