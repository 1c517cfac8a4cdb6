"""How work on many rows of a list is found: by its number."""

from trunkline.i18n import gettext as _
from trunkline.lists import runs
from trunkline.lists.models import ListRun
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered


def _shown(ctx: Context, run: ListRun) -> SearchDocument:
    found = ctx.app.lists.get(run.list_name)
    label = found.table(ctx).label if found is not None else ""
    return SearchDocument(
        kind="list_run",
        id=run.key,
        title=run.number,
        subtitle=str(label or run.list_name),
        path=f"/lists/runs/{run.number}",
        # Whoever asked for it may see it, which `runs.get` looks at.
        permission="",
        icon="list-check",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "list_run",
        _("Work on many rows"),
        numbered(runs.get, _shown),
        numbers="list_run",
        page="/lists/runs/{number}",
    ),
)
