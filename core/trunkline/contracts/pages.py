"""The list of contracts, one contract, the tab of a customer, and what is done with a contract."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.contracts import operations, queries
from trunkline.contracts.forms import terms_of
from trunkline.contracts.models import Contract, ContractStatus, DocumentKind
from trunkline.contracts.operations.documents import is_outdated
from trunkline.contracts.schemas import (
    AttachDocument,
    ContractTerms,
    EditContract,
    WithdrawContract,
)
from trunkline.contracts.tables import contracts_table
from trunkline.contracts.terms import percent, today
from trunkline.contracts.words import (
    ACCEPTED_LABELS,
    DOCUMENT_LABELS,
    INDEXATION_LABELS,
    PENALTY_LABELS,
    RENEWAL_LABELS,
)
from trunkline.contracts.worth import monthly_minor, worth_of
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.files.downloads import download
from trunkline.home.pages import waiting
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import stretch

pages = Pages()
#: More than anybody has with one customer; the list has the rest.
_MOST = 2000
_OPEN = (ContractStatus.DRAFT, ContractStatus.SENT, ContractStatus.ACTIVE)


@pages.get("/contracts", permission="core.contract.list")
def contracts(page: Page) -> Response:
    page.title = str(_("Contracts"))
    page.crumbs((page.title, ""))
    return page.table("contracts/list.html", contracts_table(page.ctx), queries.list_contracts(page.ctx))


def tab(page: Page, customer: Customer) -> str:
    """The customer's contracts, the latest first."""
    return page.fragment(
        "contracts/tab.html",
        customer=customer,
        contracts=stretch(
            page,
            queries.latest_of(page.ctx, customer.key, _MOST),
            lambda one: (one.title, one.number),
            f"/customers/{customer.number}/contracts",
        ),
        may_add=page.can("core.contract.create") and customer.status != CustomerStatus.ARCHIVED,
    )


def count(page: Page, customer: Customer) -> int:
    return queries.count_of(page.ctx, customer.key)


def ending(page: Page, subject: object) -> str | None:
    found = queries.ending(page.ctx)
    return waiting(
        page, _("Contracts that end within 60 days"), found, "/contracts?view=ends_soon", "contract"
    )


def to_index(page: Page, subject: object) -> str | None:
    found = queries.to_index(page.ctx)
    return waiting(page, _("Contracts to be indexed"), found, "/contracts?view=indexation_due", "percentage")


def below(page: Page, contract: Contract, *more: str) -> Customer:
    """Set the breadcrumb down to a contract, with further labels; returns its customer."""
    customer = page.ctx.load(Customer, contract.customer_id)
    here = f"/contracts/{contract.number}"
    crumbs = [(str(_("Customers")), "/customers"), (customer.name, f"/customers/{customer.number}/contracts")]
    page.crumbs(*crumbs, (contract.number, here if more else ""), *((label, "") for label in more))
    return customer


@pages.get("/contracts/{number}", permission="core.contract.view")
def contract(page: Page, number: str) -> Response:
    found = queries.get(page.ctx, number)
    customer = below(page, found)
    page.title = found.title
    worths = worth_of(page.ctx, found, today(page.ctx)) if found.status in _OPEN else []
    documents = queries.documents_of(page.ctx, found)
    text = next((one for one in documents if one.kind == DocumentKind.TEXT), None)
    return page.render(
        "contracts/contract.html",
        contract=found,
        customer=customer,
        documents=documents,
        text=text,
        outdated=text is not None and is_outdated(found, text.printed_terms),
        acceptances=queries.acceptances_of(page.ctx, found),
        accepted=queries.accepted_now(page.ctx, found) is not None,
        indexations=queries.indexations_of(page.ctx, found),
        worths=stretch(
            page, worths, lambda one: (one.name, one.service), f"/contracts/{found.number}", "charges"
        ),
        monthly=monthly_minor(worths, found.currency),
        is_open=found.status in _OPEN,
        today=today(page.ctx),
        **WORDS,
    )


def micros(minor: int, currency: str) -> int:
    """Minor units as templates write money."""
    return Money.of_minor(minor, currency).micros


WORDS: Mapping[str, Any] = {
    "renewals": RENEWAL_LABELS,
    "penalties": PENALTY_LABELS,
    "indexation_kinds": INDEXATION_LABELS,
    "document_kinds": DOCUMENT_LABELS,
    "ways": ACCEPTED_LABELS,
    "micros": micros,
    "percent": percent,
}


def _new_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    here = f"/customers/{customer.number}/contracts"
    page.crumbs((str(_("Customers")), "/customers"), (customer.name, here), (str(_("Draft a contract")), ""))
    currency = page.app.config.currency
    return {"currency": currency, "form_options": {"cancel": here}}


@pages.form(
    "/customers/{number}/contracts/new",
    permission="core.contract.create",
    schema=ContractTerms,
    template="customers/form.html",
    title=_("Draft a contract"),
    initial=_new_initial,
    submit=_("Draft it"),
    draft="contract",
)
def new(page: Page, command: ContractTerms, number: str) -> Response:
    made = operations.create(page.ctx, number, command)
    return page.redirect(
        f"/contracts/{made.number}", str(_("Contract {number} was drafted.", number=made.number))
    )


def _edit_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    below(page, found, str(_("Edit")))
    return {**terms_of(found), "version": found.version, "form_options": {"cancel": f"/contracts/{number}"}}


@pages.form(
    "/contracts/{number}/edit",
    permission="core.contract.edit",
    schema=EditContract,
    template="customers/form.html",
    title=_("Edit terms"),
    initial=_edit_initial,
)
def edit(page: Page, command: EditContract, number: str) -> Response:
    operations.edit(page.ctx, number, command)
    return page.redirect(f"/contracts/{number}", str(_("Saved.")))


def _document_initial(page: Page, number: str) -> Mapping[str, Any]:
    below(page, queries.get(page.ctx, number), str(_("Attach a document")))
    return {"form_options": {"cancel": f"/contracts/{number}"}}


@pages.form(
    "/contracts/{number}/documents/new",
    permission="core.contract.edit",
    schema=AttachDocument,
    template="customers/form.html",
    title=_("Attach a document"),
    initial=_document_initial,
    submit=_("Attach"),
)
def attach(page: Page, command: AttachDocument, number: str) -> Response:
    name = command.file.filename or ""
    operations.attach(page.ctx, number, command.file.file, name, command.kind)
    return page.redirect(f"/contracts/{number}", str(_("{name} was attached.", name=name)))


@pages.get("/contracts/{number}/documents/{file_id:int}", permission="core.contract.view")
def fetch(page: Page, number: str, file_id: int) -> Response:
    stored = queries.document(page.ctx, queries.get(page.ctx, number), file_id)
    viewed(page.ctx, stored, "core.file")
    return download(page.ctx, stored)


@pages.post("/contracts/{number}/documents/{file_id:int}/remove", permission="core.contract.edit")
def remove_annex(page: Page, number: str, file_id: int) -> Response:
    operations.remove_annex(page.ctx, number, file_id)
    return page.redirect(f"/contracts/{number}", str(_("The annex was removed.")))


def _withdraw_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    below(page, found, str(_("Withdraw")))
    options = {"cancel": f"/contracts/{number}", "danger": True}
    return {"version": found.version, "form_options": options}


@pages.form(
    "/contracts/{number}/withdraw",
    permission="core.contract.cancel",
    schema=WithdrawContract,
    template="customers/form.html",
    title=_("Withdraw the contract"),
    initial=_withdraw_initial,
    submit=_("Withdraw"),
)
def withdraw(page: Page, command: WithdrawContract, number: str) -> Response:
    operations.withdraw(page.ctx, number, command)
    return page.redirect(f"/contracts/{number}", str(_("The contract was withdrawn.")))
