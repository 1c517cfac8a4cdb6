"""The customer's contracts: the list, one of them with its documents, and accepting it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.contracts.printing import terms_in_words
from trunkline.contracts.schemas import AcceptSignedIn
from trunkline.contracts.words import ACCEPTED_LABELS, DOCUMENT_LABELS
from trunkline.customers.models import Customer, CustomerKind
from trunkline.errors import Refused
from trunkline.files.downloads import download
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_portal import contracts, queries

pages = Pages(audience="portal")
_PAGE = "/portal/contracts"


@pages.get(_PAGE, permission="portal.contract.list")
def show_all(page: Page) -> Response:
    customer = queries.own_customer(page.ctx)
    page.title = _("Contracts")
    return page.render(
        "portal/contracts.html",
        customer=customer,
        contracts=contracts.contracts_of(page.ctx, customer),
        waiting={one.number for one in contracts.waiting(page.ctx, customer)},
    )


@pages.get(f"{_PAGE}/{{number}}", permission="portal.contract.view")
def show(page: Page, number: str) -> Response:
    own = contracts.contract(page.ctx, number)
    page.title = own.contract.title
    return page.render(
        "portal/contract.html",
        customer=queries.own_customer(page.ctx),
        own=own,
        terms=terms_in_words(own.contract),
        ways=ACCEPTED_LABELS,
        kinds=DOCUMENT_LABELS,
    )


@pages.get(f"{_PAGE}/{{number}}/documents/{{file_id:int}}", permission="portal.contract.view")
def document(page: Page, number: str, file_id: int) -> Response:
    return download(page.ctx, contracts.paper(page.ctx, number, file_id))


def _offered(page: Page, number: str) -> Mapping[str, Any]:
    own = contracts.contract(page.ctx, number)
    if own.offer is None:
        raise Refused(
            _("Contract {number} does not wait to be accepted.", number=number),
            remedy=_("Ask us to send it to you again."),
        )
    return {"own": own, "terms": terms_in_words(own.contract)}


def _initial(page: Page, number: str) -> Mapping[str, Any]:
    customer: Customer = queries.own_customer(page.ctx)
    own_id = customer.tax_id if customer.kind == CustomerKind.INDIVIDUAL else ""
    return {"tax_id": own_id, "form_options": {"cancel": f"{_PAGE}/{number}"}}


@pages.form(
    f"{_PAGE}/{{number}}/accept",
    permission="portal.contract_acceptance.record",
    schema=AcceptSignedIn,
    template="portal/accept_contract.html",
    title=_("Accept the contract"),
    initial=_initial,
    extra=_offered,
    submit=_("Accept"),
)
def accept(page: Page, command: AcceptSignedIn, number: str) -> Response:
    contracts.accept(page.ctx, number, command)
    return page.redirect(f"{_PAGE}/{number}", _("The contract is accepted."))
