"""REST of provisioning: jobs that touch the network; elements, playbooks, rollouts and audits have modules of their own."""

from trunkline.jobs import queries as jobs
from trunkline.jobs.schemas import JobSummary
from trunkline.jobs.tables import jobs_table
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_provisioning.element_rest import add_routes as add_elements
from trunkline_provisioning.library_rest import add_routes as add_library
from trunkline_provisioning.network_audit.rest import add_routes as add_audits
from trunkline_provisioning.rollouts.rest import add_routes as add_rollouts

REST = RestRoutes("/provisioning", "provisioning")
add_library(REST)
add_elements(REST)
add_rollouts(REST)
add_audits(REST)


@REST.get("/jobs", permission="provisioning.job.list", table=jobs_table)
def list_jobs(ctx: Context, params: ListParams = list_params) -> Listing[JobSummary]:
    """Jobs with a step of this plugin, newest first."""
    statement = jobs.list_jobs(ctx, contributed_by="provisioning")
    return read_list(ctx, jobs_table(ctx), statement, params, JobSummary)
