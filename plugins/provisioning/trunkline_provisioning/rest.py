"""REST of provisioning: jobs that touch the network, and playbooks."""

from trunkline.jobs import queries as jobs
from trunkline.jobs.schemas import JobList
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning import queries
from trunkline_provisioning.schemas import PlaybookView

REST = RestRoutes("/provisioning", "Provisioning")


@REST.get("/jobs", permission="provisioning.job.list")
def list_jobs(ctx: Context, state: str = "", customer: str = "", q: str = "", limit: int = 50, cursor: str = "") -> JobList:
    """Jobs with a step of this plugin, newest first."""
    return jobs.list_page(
        ctx, contributed_by="provisioning", state=state, customer=customer, q=q, limit=limit, cursor=cursor
    )


@REST.get("/playbooks", permission="provisioning.playbook.list")
def list_playbooks(ctx: Context) -> list[PlaybookView]:
    """Every playbook with what is wrong in it and who uses it."""
    return queries.playbooks(ctx)
