"""What the menus over a list offer: by which column it is sorted, and which columns are shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.web.table_view import TableView

#: A label, the address that chooses it, and whether it is in force.
Choice = tuple[str, str, bool]


def order_choices(view: "TableView") -> Sequence[Choice]:
    """Every column that the list can be sorted by."""
    return [
        (column.label, view.url(sort=column.sort_key), bool(view.sorted_by(column)))
        for column in view.table.columns
        if column.sort_key
    ]


def order_ways(view: "TableView") -> Sequence[tuple[str, str, str, bool]]:
    """(label, icon, address, in force) of both directions; none where the order is no column's."""
    if not any(active for _label, _href, active in view.order_choices):
        return []
    key, falling = view.sort.lstrip("-"), view.sort.startswith("-")
    return [
        (str(_("Ascending")), "arrow-up", view.url(sort=key), not falling),
        (str(_("Descending")), "arrow-down", view.url(sort=f"-{key}"), falling),
    ]


def column_choices(view: "TableView") -> Sequence[Choice]:
    """Every column but the one that names a row, to show or hide; none where nothing is optional."""
    offered = view.table.offered_columns
    if not view.listed and not any(column.optional for column in offered):
        return []
    shown = [column.key for column in view.columns]
    order = [column.key for column in offered]
    choices = []
    for column in offered:
        if column.key == view.lead.key:
            continue
        wanted = [key for key in shown if key != column.key]
        if column.key not in shown:
            wanted = _placed(column.key, shown, order)
        choices.append((column.label, view.url(cols=",".join(wanted)), column.key in shown))
    return choices


def _placed(key: str, shown: Sequence[str], order: Sequence[str]) -> list[str]:
    """The columns shown and one more, which stands behind those that the list has before it."""
    before = [at for at, other in enumerate(shown) if order.index(other) < order.index(key)]
    place = before[-1] + 1 if before else 0
    return [*shown[:place], key, *shown[place:]]


def preset_choices(view: "TableView") -> Sequence[Choice]:
    """Every named set of columns, and the list's own."""
    known = {column.key for column in view.table.offered_columns}
    shown = [column.key for column in view.columns]
    standard = [column.key for column in view.table.columns if not column.optional]
    sets = [(str(_("Standard")), standard)]
    sets += [(item.label, [key for key in item.columns if key in known]) for item in view.table.presets]
    return [(label, view.url(cols=",".join(keys)), keys == shown) for label, keys in sets]
