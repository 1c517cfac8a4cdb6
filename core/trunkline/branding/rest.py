"""REST: brands."""

from trunkline.branding import operations, queries
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
    """Make a brand. Its pictures are set on its page."""
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


def _brand(ctx: Context, brand_id: int) -> BrandOut:
    return BrandOut.model_validate(dict(queries.get(ctx, brand_id)))
