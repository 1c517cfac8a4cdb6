"""How jobs are found: by their number. There are millions of them, and nobody asks for one by anything else."""

from trunkline.i18n import gettext as _
from trunkline.jobs import queries
from trunkline.jobs.models import Job
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered


def _shown(ctx: Context, job: Job) -> SearchDocument:
    return SearchDocument(
        kind="job",
        id=job.key,
        title=job.number,
        subtitle=job.title,
        path=f"/jobs/{job.number}",
        permission="core.job.view",
        customer_id=job.customer_id,
        icon="activity",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "job", _("Jobs"), numbered(queries.get, _shown), "core.job.view", numbers="job", page="/jobs/{number}"
    ),
)
