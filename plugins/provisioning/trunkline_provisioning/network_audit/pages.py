"""Pages of the audit: differences with what can be done about them, and the comparisons so far."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline.web.tables import Empty
from trunkline_provisioning.network_audit import adopting, operations, queries
from trunkline_provisioning.network_audit.models import ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import AuditState, FindingState, IgnoreFinding
from trunkline_provisioning.network_audit.tables import FINDINGS, KIND_LABELS, STATE_LABELS
from trunkline_provisioning.settings import ProvisioningSettings

PAGES = Pages()
_LIST = "/provisioning/differences"
#: htmx stops a timer that gets this answer.
_STOP_POLLING = 286
_NOTHING_YET = Empty(
    _("Nothing was compared yet"),
    _("Differences appear here after a comparison: each night, or when you ask."),
    icon="arrows-diff",
)


@PAGES.get(_LIST, permission="provisioning.audit.list")
def index(page: Page) -> Response:
    """Where network and system differ."""
    page.title = str(_("Network and system"))
    page.crumbs((page.title, ""))
    audits = queries.audits(page.ctx)
    return page.table(
        "provisioning/differences.html",
        FINDINGS if audits else replace(FINDINGS, empty=_NOTHING_YET),
        queries.list_findings(page.ctx),
        audits=audits,
        under_way=next((one for one in audits if one.state == AuditState.RUNNING), None),
        hour=page.ctx.settings(ProvisioningSettings).audit_hour,
    )


@PAGES.get(f"{_LIST}/under-way", permission="provisioning.audit.list")
def under_way(page: Page) -> Response:
    """Asked by the page while an audit is at work; at its end the page asks for itself anew."""
    return _renew(any(one.state == AuditState.RUNNING for one in queries.audits(page.ctx)))


def _renew(at_work: bool) -> Response:
    return (
        Response(status_code=204)
        if at_work
        else Response(status_code=_STOP_POLLING, headers={"HX-Refresh": "true"})
    )


@PAGES.post(f"{_LIST}/compare", permission="provisioning.audit.run")
def compare(page: Page) -> Response:
    """Compare now."""
    audit = operations.begin(page.ctx)
    return page.redirect(_LIST, str(_("Audit {number} has begun.", number=audit.number)))


def _show(page: Page, row: ProvisioningFinding, form: Form[Any] | None = None, status: int = 200) -> Response:
    page.title = row.subject
    page.crumbs((str(_("Network and system")), _LIST), (row.number, ""))
    is_open = row.state == FindingState.OPEN
    ignore = form or page.form(
        IgnoreFinding,
        action=f"{_LIST}/{row.number}/ignore",
        id="ignore-form",
        submit=str(_("Leave as it is")),
    )
    return page.render(
        "provisioning/difference.html",
        status=status,
        row=row,
        here=f"{_LIST}/{row.number}",
        fields=queries.differences(row.fields),
        kinds=KIND_LABELS,
        labels=STATE_LABELS,
        form=ignore if is_open and page.can("provisioning.finding.change") else None,
        opened=form is not None,
        may_repair=is_open and page.can("provisioning.finding.run"),
        adoptable=adopting.adoptable(page.ctx, row)
        if is_open and page.can("provisioning.finding.run")
        else None,
    )


@PAGES.get(f"{_LIST}/{{number}}", permission="provisioning.audit.list")
def show(page: Page, number: str) -> Response:
    """One difference: field by field, and what can be done about it."""
    return _show(page, operations.finding(page.ctx, number))


@PAGES.get(f"{_LIST}/{{number}}/under-way", permission="provisioning.audit.list")
def repair_under_way(page: Page, number: str) -> Response:
    """The same of a difference that is being repaired."""
    return _renew(operations.finding(page.ctx, number).state == FindingState.REPAIRING)


@PAGES.post(f"{_LIST}/{{number}}/ignore", permission="provisioning.finding.change")
def ignore(page: Page, number: str) -> Response:
    """Leave it as it is."""
    form = page.form(
        IgnoreFinding, action=f"{_LIST}/{number}/ignore", id="ignore-form", submit=str(_("Leave as it is"))
    ).parse(page.form_data)
    if form.valid:
        try:
            with page.ctx.session.begin_nested():
                operations.ignore(page.ctx, number, form.command)
        except TrunklineError as error:
            page.ctx.session.rollback()
            form.refuse(error.field, str(error))
    if form.errors:
        return _show(page, operations.finding(page.ctx, number), form, 422)
    return page.redirect(_LIST, str(_("It is left as it is until it changes.")))


@PAGES.post(f"{_LIST}/{{number}}/reopen", permission="provisioning.finding.change")
def reopen(page: Page, number: str) -> Response:
    """Count it again."""
    operations.reopen(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("It counts again.")))


@PAGES.post(f"{_LIST}/{{number}}/repair", permission="provisioning.finding.run")
def repair(page: Page, number: str) -> Response:
    """Repair it in the network, by a job."""
    operations.repair(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("The repair has begun.")))


@PAGES.post(f"{_LIST}/{{number}}/adopt", permission="provisioning.finding.run")
def adopt(page: Page, number: str) -> Response:
    """Believe the network: record the switch that explains the difference."""
    adopting.adopt(page.ctx, number)
    return page.redirect(_LIST, str(_("The system now says what the network does.")))
