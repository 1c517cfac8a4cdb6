"""The queue of requests for a second person, one request, and deciding it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.approvals import operations, queries
from trunkline.approvals.asking import APPROVE, deciders
from trunkline.approvals.models import Approval, ApprovalState
from trunkline.approvals.schemas import Agree, Decline
from trunkline.approvals.tables import APPROVALS
from trunkline.approvals.words import facts_of, summary_of
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.web.pages import SIGNED_IN, Page, Pages

pages = Pages()


@pages.get("/approvals", permission="core.approval.list")
def approvals(page: Page) -> Response:
    page.title = str(_("Approvals"))
    page.crumbs((page.title, ""))
    return page.table("approvals/list.html", APPROVALS, queries.list_approvals(page.ctx))


@pages.get("/approvals/{number}", permission=SIGNED_IN)
def approval(page: Page, number: str) -> Response:
    found = queries.get(page.ctx, number)
    page.title = found.number
    page.crumbs((str(_("Approvals")), "/approvals"), (found.number, ""))
    waits = found.state == ApprovalState.WAITING and found.expires_at > page.ctx.now()
    return page.render(
        "approvals/approval.html",
        **_shown(page, found),
        waits=waits,
        may_decide=queries.may_decide(page.ctx, found),
        is_mine=found.asked_by_id == page.actor.id,
        deciders=deciders(page.ctx, found) if waits else [],
    )


def _shown(page: Page, found: Approval) -> Mapping[str, Any]:
    customer = page.ctx.session.get(Customer, found.customer_id) if found.customer_id else None
    return {
        "approval": found,
        "customer": customer,
        "summary": summary_of(found.words),
        "facts": facts_of(found.words),
    }


def _deciding(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    page.crumbs((str(_("Approvals")), "/approvals"), (found.number, f"/approvals/{number}"))
    return {"form_options": {"cancel": f"/approvals/{number}"}}


def _refusing(page: Page, number: str) -> Mapping[str, Any]:
    options = _deciding(page, number)["form_options"]
    return {"form_options": {**options, "danger": True}}


@pages.form(
    "/approvals/{number}/approve",
    permission=APPROVE,
    schema=Agree,
    template="approvals/decide.html",
    title=_("Approve"),
    initial=_deciding,
    extra=lambda page, number: _shown(page, queries.get(page.ctx, number)),
    submit=_("Approve and do it"),
)
def approve(page: Page, command: Agree, number: str) -> Response:
    operations.approve(page.ctx, number, command)
    return page.redirect(f"/approvals/{number}", str(_("Approved, and done.")))


@pages.form(
    "/approvals/{number}/refuse",
    permission=APPROVE,
    schema=Decline,
    template="approvals/decide.html",
    title=_("Refuse"),
    initial=_refusing,
    extra=lambda page, number: _shown(page, queries.get(page.ctx, number)),
    submit=_("Refuse"),
)
def refuse(page: Page, command: Decline, number: str) -> Response:
    operations.refuse(page.ctx, number, command)
    return page.redirect(f"/approvals/{number}", str(_("Refused. Nothing was done.")))


@pages.post("/approvals/{number}/withdraw", permission=SIGNED_IN)
def withdraw(page: Page, number: str) -> Response:
    operations.withdraw(page.ctx, number)
    return page.redirect(f"/approvals/{number}", str(_("Withdrawn. Nothing was done.")))
