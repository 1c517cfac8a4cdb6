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
_VIEW, _EDIT = "core.settings.view", "core.numbering.edit"


@pages.get(_LIST, permission=_VIEW)
def list_kinds(page: Page) -> Response:
    page.title = _("Numbering")
    page.crumbs((_("Settings"), "/settings"), (page.title, ""))
    return page.render("numbering/list.html", kinds=queries.numbering(page.ctx))


def _schema(page: Page, kind: str) -> type[BaseModel]:
    return DayNumberFields if queries.kind_of(kind).shape.by_day else NumberFields


def _initial(page: Page, kind: str) -> Mapping[str, Any]:
    now = queries.numbers_of(page.ctx, kind)
    page.title = _("Numbers: {label}", label=_(now.label))
    page.crumbs((_("Settings"), "/settings"), (_("Numbering"), _LIST), (_(now.label), ""))
    return {
        "prefix": now.prefix,
        "width": now.width,
        "with_year": now.with_year,
        "restart": now.restart,
        "version": now.version,
        "form_options": {"cancel": _LIST},
    }


def _around(page: Page, kind: str) -> Mapping[str, Any]:
    now = queries.numbers_of(page.ctx, kind)
    fields = ["prefix", "width"] if now.by_day else ["prefix", "width", "with_year", "restart", "next_value"]
    return {
        "now": now,
        "fields": fields,
        "history": queries.history(page.ctx, kind),
        **_preview(page, kind, now),
    }


def _preview(page: Page, kind: str, now: queries.NumberView) -> dict[str, Any]:
    """What the numbers would be with what the form holds, or what is wrong with it."""
    if not page.form_data:
        return {"wanted": now, "wrong": ""}
    form: Form[BaseModel] = page.form(_schema(page, kind)).parse(page.form_data)
    if not form.valid:
        return {"wanted": None, "wrong": _("Some of the values cannot be used.")}
    try:
        return {"wanted": operations.changed(page.ctx, now, _command(form.command)), "wrong": ""}
    except Refused as error:
        return {"wanted": None, "wrong": str(error)}


def _command(fields: BaseModel) -> NumberChange:
    return NumberChange.model_validate(fields.model_dump())


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
    changed = operations.change(page.ctx, kind, _command(command))
    return page.redirect(_LIST, _("Saved. The next number is {number}.", number=changed.next_number))


@pages.post(f"{_ONE}/preview", permission=_EDIT, reads=True)
def preview(page: Page, kind: str) -> Response:
    now = queries.numbers_of(page.ctx, kind)
    return page.part("numbering/preview.html", now=now, **_preview(page, kind, now))
