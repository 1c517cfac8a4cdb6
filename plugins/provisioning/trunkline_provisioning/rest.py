"""REST of provisioning: jobs that touch the network, and playbooks."""

from trunkline.jobs import queries as jobs
from trunkline.jobs.schemas import JobSummary
from trunkline.jobs.tables import jobs_table
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning import queries
from trunkline_provisioning.network_audit.rest import add_routes as add_audits
from trunkline_provisioning.rollouts.rest import add_routes as add_rollouts
from trunkline_provisioning.schemas import PlaybookView

REST = RestRoutes("/provisioning", "provisioning")
add_rollouts(REST)
add_audits(REST)


@REST.get("/jobs", permission="provisioning.job.list", table=jobs_table)
def list_jobs(ctx: Context, params: ListParams = list_params) -> Listing[JobSummary]:
    """Jobs with a step of this plugin, newest first."""
    statement = jobs.list_jobs(ctx, contributed_by="provisioning")
    return read_list(ctx, jobs_table(ctx), statement, params, JobSummary)


@REST.get("/playbooks", permission="provisioning.playbook.list")
def list_playbooks(ctx: Context) -> Listing[PlaybookView]:
    """Every playbook with what is wrong in it and who uses it."""
    return list_of(queries.playbooks(ctx))
