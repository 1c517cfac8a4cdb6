"""REST: brands."""

from typing import Annotated

from fastapi import File, UploadFile

from trunkline.branding import operations, queries
from trunkline.branding.operations import Picture
from trunkline.branding.schemas import BrandFields, BrandOut, EditBrand
from trunkline.branding.tables import BRANDS
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

brands = RestRoutes("/brands", "brands")


@brands.get("", permission="core.brand.view", table=BRANDS)
def list_brands(ctx: Context, params: ListParams = list_params) -> Listing[BrandOut]:
    """Brands of the operator and its resellers."""
    return read_list(ctx, BRANDS, queries.list_brands(ctx), params, BrandOut)


@brands.get("/{brand_id}", permission="core.brand.view")
def show(ctx: Context, brand_id: int) -> BrandOut:
    """One brand."""
    return _brand(ctx, brand_id)


@brands.post("", permission="core.brand.edit")
def create(ctx: Context, command: BrandFields) -> BrandOut:
    """Make a brand; its pictures are sent after it."""
    return _brand(ctx, operations.create(ctx, command).key)


@brands.patch("/{brand_id}", permission="core.brand.edit")
def edit(ctx: Context, brand_id: int, command: EditBrand, version: int | None = if_match) -> BrandOut:
    """Change a brand."""
    operations.edit(ctx, brand_id, command.model_copy(update={"version": version}))
    return _brand(ctx, brand_id)


@brands.delete("/{brand_id}", permission="core.brand.edit")
def remove(ctx: Context, brand_id: int) -> None:
    """Forget a brand."""
    operations.remove(ctx, brand_id)


@brands.post("/{brand_id}/pictures/{which}", permission="core.brand.edit", status=200)
def set_picture(
    ctx: Context,
    brand_id: int,
    which: Picture,
    file: Annotated[UploadFile, File(description="A picture of at most 1 MB.")],
) -> BrandOut:
    """Give a brand its logo, favicon or portal picture, sent as `multipart/form-data`."""
    operations.set_picture(ctx, brand_id, which, file.file, file.filename or "")
    return _brand(ctx, brand_id)


@brands.delete("/{brand_id}/pictures/{which}", permission="core.brand.edit")
def remove_picture(ctx: Context, brand_id: int, which: Picture) -> None:
    """Let a brand show its theme's picture again."""
    operations.remove_picture(ctx, brand_id, which)


def _brand(ctx: Context, brand_id: int) -> BrandOut:
    return BrandOut.model_validate(dict(queries.get(ctx, brand_id)))
