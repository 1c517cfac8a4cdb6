"""The pages of brands."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping
from starlette.responses import Response

from trunkline.branding import operations, queries
from trunkline.branding.brands import Brands
from trunkline.branding.palette import contrast, derive
from trunkline.branding.schemas import BrandFields, BrandPicture, EditBrand
from trunkline.branding.themes import Themes
from trunkline.errors import NotFound
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.settings.entries import way
from trunkline.web.pages import Page, Pages

pages = Pages()
_LIST, _ONE = "/branding", "/branding/{brand_id:int}"
_EDIT, _VIEW = "core.brand.edit", "core.brand.view"
PICTURES = {
    "logo": _("Logo"),
    "favicon": _("Icon of the browser's tab"),
    "picture": _("Picture of the portal"),
}


@pages.get(_LIST, permission=_VIEW)
def list_brands(page: Page) -> Response:
    page.title = _("Brands")
    page.crumbs(*way(page), (page.title, ""))
    faults = page.app.part(Themes).faults
    return page.table(
        "branding/list.html", queries.list_table(page.ctx), queries.list_brands(page.ctx), faults=faults
    )


def _options(page: Page, cancel: str) -> dict[str, Any]:
    choices = {"theme": queries.theme_choices(page.ctx), "reseller": queries.reseller_choices(page.ctx)}
    return {"choices": choices, "cancel": cancel}


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs(*way(page), (_("Brands"), _LIST), (_("New"), ""))
    return {"name": page.app.config.operator_name, "form_options": _options(page, _LIST)}


@pages.form(
    f"{_LIST}/new",
    permission=_EDIT,
    schema=BrandFields,
    template="branding/form.html",
    title=_("New brand"),
    initial=_new,
    submit=_("Make the brand"),
)
def create(page: Page, command: BrandFields) -> Response:
    brand = operations.create(page.ctx, command)
    return page.redirect(f"{_LIST}/{brand.key}", _("Made. This is how it looks."))


@pages.get(_ONE, permission=_VIEW)
def show(page: Page, brand_id: int) -> Response:
    row = queries.get(page.ctx, brand_id)
    theme = page.app.part(Themes).get(row["theme"])
    palette = derive(row["colour"] or theme.colour)
    page.title = row["name"]
    page.crumbs(*way(page), (_("Brands"), _LIST), (page.title, ""))
    return page.render(
        "branding/brand.html",
        brand=row,
        theme=theme,
        palette=palette,
        ratio=round(contrast(palette.fg, palette.brand), 1),
        shown=page.app.part(Brands).of_host(row["host"] or ""),
        pictures=_pictures(page, row),
        language=LANGUAGES.get(row["language"], ""),
    )


def _pictures(page: Page, row: RowMapping) -> list[tuple[str, str, bool, str]]:
    """Name, label, whether it is its own, and the address, of each picture that a brand may have."""
    shown = page.app.part(Brands).pictures_of(row["id"], page.ctx.session)
    return [
        (name, label, row[f"{name}_id"] is not None, shown.get(name, "")) for name, label in PICTURES.items()
    ]


def _values(page: Page, brand_id: int) -> Mapping[str, Any]:
    row, here = queries.get(page.ctx, brand_id), f"{_LIST}/{brand_id}"
    page.crumbs(*way(page), (_("Brands"), _LIST), (row["name"], here), (_("Edit"), ""))
    return {**row, "host": row["host"] or "", "form_options": _options(page, here)}


@pages.form(
    f"{_ONE}/edit",
    permission=_EDIT,
    schema=EditBrand,
    template="branding/form.html",
    title=_("Change a brand"),
    initial=_values,
)
def edit(page: Page, command: EditBrand, brand_id: int) -> Response:
    operations.edit(page.ctx, brand_id, command)
    return page.redirect(f"{_LIST}/{brand_id}", _("Saved. Pages show it within seconds."))


def _picture_opened(page: Page, brand_id: int, which: str) -> Mapping[str, Any]:
    row, here = queries.get(page.ctx, brand_id), f"{_LIST}/{brand_id}"
    page.crumbs(*way(page), (_("Brands"), _LIST), (row["name"], here), (str(_(_which(which)[1])), ""))
    return {"form_options": {"cancel": here}}


@pages.form(
    f"{_ONE}/pictures/{{which}}",
    permission=_EDIT,
    schema=BrandPicture,
    template="branding/form.html",
    title=_("Choose a picture"),
    initial=_picture_opened,
    submit=_("Use this picture"),
)
def set_picture(page: Page, command: BrandPicture, brand_id: int, which: str) -> Response:
    operations.set_picture(
        page.ctx, brand_id, _which(which)[0], command.file.file, command.file.filename or ""
    )
    return page.redirect(f"{_LIST}/{brand_id}", _("Saved. Pages show it within seconds."))


@pages.post(f"{_ONE}/pictures/{{which}}/remove", permission=_EDIT)
def remove_picture(page: Page, brand_id: int, which: str) -> Response:
    operations.remove_picture(page.ctx, brand_id, _which(which)[0])
    return page.redirect(f"{_LIST}/{brand_id}", _("Removed. The theme's own shows instead."))


@pages.post(f"{_ONE}/remove", permission=_EDIT)
def remove(page: Page, brand_id: int) -> Response:
    operations.remove(page.ctx, brand_id)
    return page.redirect(_LIST, _("Removed."))


def _which(name: str) -> tuple[operations.Picture, str]:
    for known in ("logo", "favicon", "picture"):
        if known == name:
            return known, PICTURES[known]
    raise NotFound(_("A brand has no picture “{name}”.", name=name))
