"""The page that says in which order a list shows its columns: each step is an address, and nothing is kept before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.lists import views
from trunkline.lists.showing import for_reader
from trunkline.web.pages import Page, Pages
from trunkline.web.table_columns import leading, shown_columns

pages = Pages()


@dataclass(frozen=True)
class Placed:
    """A column of the list; the addresses with it one place earlier and later, and with it left out or taken in.

    Each is empty where there is no such step: before the first, after the last, and of the column that names the rows.
    """

    key: str
    label: str
    earlier: str = ""
    later: str = ""
    other: str = ""


@pages.get("/lists/{name}/columns", permission=views.OWN)
def order_columns(page: Page, name: str) -> Response:
    """The columns in their order, to move, leave out and take in."""
    found = views.listed(page.ctx, name)
    table = for_reader(page.ctx, found, found.table(page.ctx), views.kept_for(page.ctx, name).columns)
    labels = {column.key: str(column.label) for column in table.offered_columns}
    columns = shown_columns(table, page.query)
    shown, lead = [column.key for column in columns], leading(columns, table.columns).key
    back = views.in_order(page.query.get("back", ""))

    def here(keys: Sequence[str], focus: str) -> str:
        return f"/lists/{name}/columns?{urlencode({'cols': ','.join(keys), 'back': back, 'focus': focus})}"

    def moved(at: int, to: int, focus: str) -> str:
        if not 0 <= to < len(shown):
            return ""
        keys = [*shown]
        keys.insert(to, keys.pop(at))
        return here(keys, focus)

    page.title = str(_("Order of columns"))
    page.crumbs((str(table.label or name), f"{found.path}?{back}" if back else found.path), (page.title, ""))
    return page.render(
        "lists/columns.html",
        name=name,
        shown=[
            Placed(
                key,
                labels[key],
                moved(at, at - 1, f"up-{key}"),
                moved(at, at + 1, f"down-{key}"),
                "" if key == lead else here([one for one in shown if one != key], f"see-{key}"),
            )
            for at, key in enumerate(shown)
        ],
        hidden=[
            Placed(key, label, other=here([*shown, key], f"see-{key}"))
            for key, label in labels.items()
            if key not in shown
        ],
        focus=_still_works(page.query.get("focus", ""), shown),
        keys=",".join(shown),
        back=back,
        result=f"{found.path}?{'&'.join(filter(None, (back, urlencode({'cols': ','.join(shown)}))))}",
    )


def _still_works(focus: str, shown: Sequence[str]) -> str:
    """The button that was used, by its id; at an end the other arrow of its column."""
    ends = {f"up-{shown[0]}": f"down-{shown[0]}", f"down-{shown[-1]}": f"up-{shown[-1]}"}
    return ends.get(focus, focus)
