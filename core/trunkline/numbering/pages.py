"""The pages on which numbers get their form."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.numbering import operations, queries
from trunkline.numbering.schemas import DayNumberFields, NumberChange, NumberFields
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages

pages = Pages()
_LIST, _ONE = "/settings/numbering", "/settings/numbering/{kind}"
_OF_RESELLER = f"{_ONE}/resellers/{{reseller}}"
_VIEW, _EDIT = "core.settings.view", "core.numbering.edit"


@pages.get(_LIST, permission=_VIEW)
def list_kinds(page: Page) -> Response:
    page.title = _("Numbering")
    page.crumbs((_("Settings"), "/settings"), (page.title, ""))
    return page.render("numbering/list.html", kinds=queries.numbering(page.ctx))


def _schema(page: Page, kind: str, reseller: str = "") -> type[BaseModel]:
    return DayNumberFields if queries.kind_of(kind).shape.by_day else NumberFields


def _initial(page: Page, kind: str, reseller: str = "") -> Mapping[str, Any]:
    now = queries.numbers_of(page.ctx, kind, reseller)
    page.title = _("Numbers: {label}", label=_(now.label))
    back, ends = _LIST, [(str(_(now.label)), "")]
    if now.reseller is not None:
        back = f"{_LIST}/{kind}"
        ends = [(str(_(now.label)), back), (now.reseller.name, "")]
        page.title = _("Numbers: {label} of {reseller}", label=_(now.label), reseller=now.reseller.name)
    page.crumbs((_("Settings"), "/settings"), (_("Numbering"), _LIST), *ends)
    return {
        "prefix": now.prefix if now.own else "",
        "width": now.width,
        "with_year": now.with_year,
        "restart": now.restart,
        "version": now.version,
        "form_options": {"cancel": back},
    }


def _around(page: Page, kind: str, reseller: str = "") -> Mapping[str, Any]:
    now = queries.numbers_of(page.ctx, kind, reseller)
    fields = ["prefix", "width"] if now.by_day else ["prefix", "width", "with_year", "restart", "next_value"]
    return {
        "now": now,
        "fields": fields,
        "history": queries.history(page.ctx, kind, reseller),
        "of_resellers": [] if reseller else queries.of_resellers(page.ctx, kind),
        "preview": f"{page.request.url.path}/preview",
        **_preview(page, now),
    }


def _preview(page: Page, now: queries.NumberView) -> dict[str, Any]:
    """What the numbers would be with what the form holds, or what is wrong with it."""
    if not page.form_data:
        return {"wanted": now, "wrong": ""}
    form: Form[BaseModel] = page.form(_schema(page, now.kind)).parse(page.form_data)
    if not form.valid:
        return {"wanted": None, "wrong": _("Some of the values cannot be used.")}
    try:
        return {"wanted": operations.changed(page.ctx, now, _command(form.command)), "wrong": ""}
    except Refused as error:
        return {"wanted": None, "wrong": str(error)}


def _command(fields: BaseModel) -> NumberChange:
    return NumberChange.model_validate(fields.model_dump())


def _said(now: queries.NumberView) -> str:
    return str(_("Saved. The next number is {number}.", number=now.next_number))


@pages.form(
    _ONE,
    permission=_EDIT,
    schema=_schema,
    template="numbering/form.html",
    title=_("Numbering"),
    initial=_initial,
    extra=_around,
)
def save(page: Page, command: BaseModel, kind: str) -> Response:
    return page.redirect(_LIST, _said(operations.change(page.ctx, kind, _command(command))))


@pages.post(f"{_ONE}/preview", permission=_EDIT, reads=True)
def preview(page: Page, kind: str) -> Response:
    now = queries.numbers_of(page.ctx, kind)
    return page.part("numbering/preview.html", now=now, **_preview(page, now))


@pages.form(
    _OF_RESELLER,
    permission=_EDIT,
    schema=_schema,
    template="numbering/form.html",
    title=_("Numbering"),
    initial=_initial,
    extra=_around,
)
def save_of_reseller(page: Page, command: BaseModel, kind: str, reseller: str) -> Response:
    changed = operations.change(page.ctx, kind, _command(command), reseller)
    return page.redirect(f"{_LIST}/{kind}", _said(changed))


@pages.post(f"{_OF_RESELLER}/preview", permission=_EDIT, reads=True)
def preview_of_reseller(page: Page, kind: str, reseller: str) -> Response:
    now = queries.numbers_of(page.ctx, kind, reseller)
    return page.part("numbering/preview.html", now=now, **_preview(page, now))
