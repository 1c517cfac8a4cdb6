"""The pages behind a mailed link: what is offered, the document, and accepting it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.contracts import links
from trunkline.contracts.link_ends import end_of
from trunkline.contracts.operations.sending import accept_by_link
from trunkline.contracts.printing import terms_in_words
from trunkline.contracts.schemas import AcceptOnline
from trunkline.customers.models import Customer
from trunkline.files.downloads import download
from trunkline.i18n import gettext as _
from trunkline.web.pages import PUBLIC, Page, Pages

pages = Pages(audience="any")


def _schema(page: Page, token: str) -> type[AcceptOnline]:
    # Mail programs open links to look for malware: opening one changes nothing.
    if links.find(page.ctx, token) is None:
        raise end_of(page.ctx, token)
    return AcceptOnline


def _offered(page: Page, token: str) -> Mapping[str, Any]:
    found = links.find(page.ctx, token)
    if found is None:
        return {}
    return {
        "token": token,
        "contract": found.contract,
        "document": found.stored,
        "terms": terms_in_words(found.contract),
    }


def _initial(page: Page, token: str) -> Mapping[str, Any]:
    found = links.find(page.ctx, token)
    if found is None:
        return {}
    customer = page.ctx.session.get_one(Customer, found.contract.customer_id)
    return {"accepted_by": customer.name if customer.kind == "individual" else ""}


@pages.form(
    "/accept-contract/{token}",
    permission=PUBLIC,
    schema=_schema,
    template="contracts/offer.html",
    title=_("Your contract"),
    initial=_initial,
    extra=_offered,
    submit=_("Accept"),
)
def accept(page: Page, command: AcceptOnline, token: str) -> Response:
    made = accept_by_link(page.ctx, token, command, page.actor.address)
    page.title = str(_("Thank you"))
    return page.render("contracts/accepted.html", acceptance=made, token=token)


@pages.get("/accept-contract/{token}/document", permission=PUBLIC)
def document(page: Page, token: str) -> Response:
    """What is offered and, once it was accepted by this link, the same as a copy for as long as the link would have worked."""
    found = links.find(page.ctx, token)
    text = found.stored if found is not None else links.accepted_text(page.ctx, token)
    if text is None:
        raise end_of(page.ctx, token)
    return download(page.ctx, text)
