"""Kinds of things as a list, for pages and REST."""

from typing import Any

from sqlalchemy import RowMapping, case, select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.web.table_params import COUNT_LIMIT, figure
from trunkline.web.table_reading import count_beside
from trunkline.web.tables import Column, Kind, Statement, Tab, Table
from trunkline_inventory.models import InventoryItem, InventoryTemplate
from trunkline_inventory.schemas import ItemState

_ITEMS = select(col(InventoryItem.id)).where(col(InventoryItem.template_id) == col(InventoryTemplate.id))
_READY = _ITEMS.where(col(InventoryItem.state) == ItemState.AVAILABLE).correlate(InventoryTemplate)
#: A kind with more items than this has enough, unless its minimum is higher still.
_COUNTED = 1_000
_AVAILABLE = case(
    (col(InventoryTemplate.minimum) > _COUNTED, count_beside(_READY)), else_=count_beside(_READY, _COUNTED)
)


def list_templates() -> Statement:
    """Every kind with how many items there are and how many are available, counted as far as says which run low."""
    statement: Any = select(
        col(InventoryTemplate.id),
        col(InventoryTemplate.name),
        col(InventoryTemplate.label),
        col(InventoryTemplate.built_in),
        col(InventoryTemplate.definition).label("fields"),
        col(InventoryTemplate.minimum),
        col(InventoryTemplate.version),
        count_beside(_ITEMS.correlate(InventoryTemplate), _COUNTED).label("items"),
        _AVAILABLE.label("available"),
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


def _fields(row: RowMapping) -> str:
    return ", ".join(field["label"] for field in row["fields"])


def _available(row: RowMapping) -> str:
    return figure(row["available"], COUNT_LIMIT if row["minimum"] > _COUNTED else _COUNTED)


def _low(row: RowMapping) -> str | None:
    return "low" if row["available"] < row["minimum"] else None


TEMPLATES = Table(
    "inventory-templates",
    label=_("Templates"),
    columns=(
        Column("label", _("Template"), Kind.LINK, sort=True, href="/inventory/templates/{name}"),
        Column("name", _("Name"), Kind.MONO, priority=2),
        Column("fields", _("Fields"), priority=3, value=_fields),
        Column(
            "items", _("Items"), align="end", named=True, value=lambda row: figure(row["items"], _COUNTED)
        ),
        Column("available", _("Available"), align="end", named=True, value=_available),
        Column(
            "minimum",
            _("Minimum in stock"),
            Kind.NUMBER,
            priority=2,
            named=True,
            value=lambda row: row["minimum"] or None,
        ),
        Column("low", _("State"), Kind.STATUS, value=_low, labels={"low": _("Runs low")}, empty=""),
    ),
    tabs=(
        Tab("all", _("All")),
        Tab("low", _("Runs low"), col(InventoryTemplate.minimum) > _AVAILABLE, tone="warn"),
    ),
    search=("label", "name"),
    sort="label",
    row_href="/inventory/templates/{name}",
)
