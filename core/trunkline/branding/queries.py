"""What is read about brands."""

from typing import Any

from sqlalchemy import RowMapping, Select, func, select
from sqlmodel import col

from trunkline.branding.models import BrandRecord
from trunkline.branding.tables import brands_table
from trunkline.branding.themes import Themes
from trunkline.customers.models import Reseller
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tables import Table

_COLUMNS = (
    "id", "name", "host", "theme", "colour", "radius", "typeface", "greeting", "support", "language", "mail_sender",
    "mail_footer", "logo_id", "favicon_id", "picture_id", "created_at", "version",
)  # fmt: skip


def list_brands(ctx: Context) -> Select[*tuple[Any, ...]]:
    """The columns that lists show."""
    return select(
        *(col(getattr(BrandRecord, name)).label(name) for name in _COLUMNS),
        col(Reseller.code).label("reseller"),
        func.coalesce(col(Reseller.name), "").label("reseller_name"),
    ).outerjoin(Reseller, col(Reseller.id) == col(BrandRecord.reseller_id))


def get(ctx: Context, brand_id: int) -> RowMapping:
    """One brand. Raises NotFound."""
    row = (
        ctx.session.execute(list_brands(ctx).where(col(BrandRecord.id) == brand_id)).mappings().one_or_none()
    )
    if row is None:
        raise NotFound(_("There is no brand {id}.", id=brand_id))
    return row


def list_table(ctx: Context) -> Table:
    """The list with the names of the themes there are."""
    return brands_table(dict(theme_choices(ctx)))


def theme_choices(ctx: Context) -> list[tuple[str, str]]:
    """(name, label) of the themes that are there."""
    return [(name, theme.label) for name, theme in ctx.app.part(Themes).found.items()]


def reseller_choices(ctx: Context) -> list[tuple[str, str]]:
    """(code, name) of the resellers, and none."""
    rows = ctx.session.execute(
        select(col(Reseller.code), col(Reseller.name))
        .where(col(Reseller.active).is_(True))
        .order_by(col(Reseller.name))
    ).all()
    return [("", str(_("None: the operator itself"))), *((row.code, row.name) for row in rows)]
