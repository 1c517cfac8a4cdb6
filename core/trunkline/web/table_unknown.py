"""What a list's address asks for and the list does not know: an old link would silently show every row."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from starlette.datastructures import QueryParams

from trunkline.i18n import gettext as _
from trunkline.web.table_params import pairs_of

if TYPE_CHECKING:
    from trunkline.web.tables import Table


def sifted(
    table: "Table", params: Mapping[str, Any], views: Collection[str] | None, own: Collection[str]
) -> tuple[QueryParams, list[str]]:
    """The parameters that the list knows, and a sentence about each other one.

    `views` are the keys of the reader's saved views, None for a table inside another page, whose further parameters may be that
    page's. `own` are the parameters that are no filters.
    """
    pairs, said = list(pairs_of(params)), []
    given = dict(pairs)
    sort, view = given.get("sort", "").lstrip("-"), given.get("view", "")
    if sort and table.sort_of(given) != given["sort"]:
        said.append(_("This list cannot be sorted by “{name}”.", name=sort))
        pairs = _without(pairs, "sort")
    if view and (views is not None or table.tabs) and view not in {tab.value for tab in table.tabs}:
        said.append(_("This list has no view “{name}”.", name=view))
        pairs = _without(pairs, "view")
    if views is not None:
        if given.get("saved", "0") not in {"0", *views}:
            said.append(_("This saved view is gone, or is not shared with you."))
            pairs = _without(pairs, "saved")
        known = {*own, *(name for item in table.filters for name in item.names)}
        for name in dict.fromkeys(name for name, _value in pairs if name not in known):
            said.append(_("This list has no filter “{name}”.", name=name))
            pairs = _without(pairs, name)
    for item in table.filters:
        gone = item.unreadable(params)
        said += [_("“{value}” is no {name}.", value=value, name=item.label) for _name, value in gone]
        for name in dict.fromkeys(name for name, _value in gone):
            kept = [] if item.is_range else [one for one in item.values(params) if (name, one) not in gone]
            pairs = [*_without(pairs, name), *([(name, ",".join(kept))] if kept else [])]
    return QueryParams(pairs), [str(one) for one in said]


def _without(pairs: list[tuple[str, str]], gone: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if name != gone]
