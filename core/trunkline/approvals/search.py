"""How requests for a second person are found: by their number."""

from trunkline.approvals import queries
from trunkline.approvals.models import Approval
from trunkline.approvals.words import summary_of
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered


def _shown(ctx: Context, approval: Approval) -> SearchDocument:
    return SearchDocument(
        kind="approval",
        id=approval.key,
        title=approval.number,
        subtitle=str(summary_of(approval.words)),
        path=f"/approvals/{approval.number}",
        # Also who asked may see it, which `queries.get` looks at.
        permission="",
        customer_id=approval.customer_id,
        icon="checks",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "approval",
        _("Approvals"),
        numbered(queries.get, _shown),
        numbers="approval",
        page="/approvals/{number}",
    ),
)
