"""How uploads are found: by their number."""

from trunkline.i18n import gettext as _
from trunkline.imports import queries
from trunkline.imports.models import ImportRun
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered


def _shown(ctx: Context, run: ImportRun) -> SearchDocument:
    return SearchDocument(
        kind="import",
        id=run.key,
        title=run.number,
        subtitle=run.file_name,
        path=f"/imports/{run.number}",
        permission="core.import.use",
        icon="upload",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "import",
        _("Import"),
        numbered(queries.get, _shown),
        "core.import.use",
        numbers="import",
        page="/imports/{number}",
    ),
)
