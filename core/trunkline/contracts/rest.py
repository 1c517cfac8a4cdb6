"""REST: contracts, their documents, acceptances, termination and indexation."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import File, Form, UploadFile
from starlette.responses import Response

from trunkline.activity import viewed
from trunkline.contracts import operations, queries
from trunkline.contracts.models import DocumentKind
from trunkline.contracts.operations.ending import outlook_of
from trunkline.contracts.printing import printed
from trunkline.contracts.schemas import (
    AcceptanceOut,
    AcceptContract,
    AcceptOnFile,
    ContractOut,
    ContractRow,
    ContractTerms,
    DocumentOut,
    EditContract,
    IndexationOut,
    IndexContract,
    OutlookOut,
    SendContract,
    TerminateContract,
    WithdrawContract,
    WorthOut,
)
from trunkline.contracts.tables import CONTRACTS, contracts_table
from trunkline.contracts.terms import today
from trunkline.contracts.worth import worth_of
from trunkline.customers import queries as customers
from trunkline.customers.sheets.pages import as_download
from trunkline.errors import Refused
from trunkline.files.downloads import download
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/contracts", "contracts")
of_customer = RestRoutes("/customers/{number}/contracts", "contracts")
_VIEW, _EDIT = "core.contract.view", "core.contract.edit"


def _documents(ctx: Context, number: str) -> list[DocumentOut]:
    found = queries.documents_of(ctx, queries.get(ctx, number))
    return [DocumentOut.model_validate(row) for row in found]


@rest.get("", permission="core.contract.list", table=contracts_table)
def contracts(ctx: Context, params: ListParams = list_params) -> Listing[ContractRow]:
    """Contracts, the latest first. Filters: `status`, `indexation`, `accepted`, `_from`, `_to` of `starts_on`, `last_day` and
    `next_indexation_on`, and `ends_in_min`, `ends_in_max` in days from today."""
    return read_list(ctx, contracts_table(ctx), queries.list_contracts(ctx), params, ContractRow)


@of_customer.get("", permission="core.contract.list", table=CONTRACTS)
def contracts_of(ctx: Context, number: str, params: ListParams = list_params) -> Listing[ContractRow]:
    """Contracts of a customer, the latest first."""
    key = customers.get(ctx, number).key
    return read_list(ctx, CONTRACTS, queries.select_of(ctx, key), params, ContractRow)


@of_customer.post("", permission="core.contract.create")
def create(ctx: Context, number: str, command: ContractTerms) -> ContractOut:
    """Draft a contract for a customer."""
    return ContractOut.model_validate(operations.create(ctx, number, command))


@rest.get("/{number}", permission=_VIEW)
def contract(ctx: Context, number: str) -> ContractOut:
    """One contract; `accepted` says whether the present text and terms are, `version` is what an update sends back."""
    return ContractOut.model_validate(queries.get(ctx, number))


@rest.patch("/{number}", permission=_EDIT)
def edit(ctx: Context, number: str, command: EditContract, version: int | None = if_match) -> ContractOut:
    """Agree on other terms: all of them, as they shall be."""
    command = command.model_copy(update={"version": version})
    return ContractOut.model_validate(operations.edit(ctx, number, command))


@rest.get("/{number}/documents", permission=_VIEW)
def documents(ctx: Context, number: str) -> list[DocumentOut]:
    """Its documents, the latest first."""
    return _documents(ctx, number)


@rest.post("/{number}/documents", permission=_EDIT)
def attach(
    ctx: Context,
    number: str,
    file: Annotated[UploadFile, File(description="The content.")],
    kind: Annotated[DocumentKind, Form()] = DocumentKind.TEXT,
) -> list[DocumentOut]:
    """Attach a document, sent as `multipart/form-data`; answers with all of them. Another text asks for another acceptance."""
    operations.attach(ctx, number, file.file, file.filename or "", kind)
    return _documents(ctx, number)


@rest.get(
    "/{number}/documents/{file_id}",
    permission=_VIEW,
    response_class=Response,
    responses={200: {"content": {"*/*": {}}}},
)
def fetch(ctx: Context, number: str, file_id: int) -> Response:
    """The content of a document."""
    stored = queries.document(ctx, queries.get(ctx, number), file_id)
    viewed(ctx, stored, "core.file")
    return download(ctx, stored)


@rest.delete("/{number}/documents/{file_id}", permission=_EDIT)
def remove_annex(ctx: Context, number: str, file_id: int) -> None:
    """Remove an annex; texts and signed copies are evidence and stay."""
    operations.remove_annex(ctx, number, file_id)


@rest.get("/{number}/acceptances", permission=_VIEW)
def acceptances(ctx: Context, number: str) -> list[AcceptanceOut]:
    """Who accepted which text, the latest first."""
    found = queries.acceptances_of(ctx, queries.get(ctx, number))
    return [AcceptanceOut.model_validate(row) for row in found]


@rest.post("/{number}/acceptances", permission="core.contract_acceptance.record")
def accept(ctx: Context, number: str, command: AcceptOnFile) -> AcceptanceOut:
    """Record that the present text was accepted. On paper: attach the signed copy first and name it by `signed_file_id`."""
    plain = AcceptContract.model_validate(command.model_dump(exclude={"signed_file_id"}))
    try:
        made = operations.accept(ctx, number, plain, signed_file_id=command.signed_file_id)
    except Refused as error:
        if error.field == "scan":
            raise Refused(error.message, field="signed_file_id", remedy=error.remedy) from error
        raise
    return AcceptanceOut.model_validate(made)


@rest.post("/{number}/send", permission="core.contract.issue", status=200)
def send(ctx: Context, number: str, command: SendContract) -> ContractOut:
    """Mail the customer a link to read the text and accept it."""
    return ContractOut.model_validate(operations.send(ctx, number, command))


@rest.post("/{number}/documents/print", permission=_EDIT)
def adopt_print(ctx: Context, number: str) -> list[DocumentOut]:
    """Keep the printed contract as the text that is accepted; answers with all documents."""
    operations.adopt_print(ctx, number)
    return _documents(ctx, number)


@rest.get(
    "/{number}/print",
    permission=_VIEW,
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def print_contract(ctx: Context, number: str) -> Response:
    """The contract as PDF with its acceptance, in the customer's language."""
    return as_download(printed(ctx, queries.get(ctx, number)), number)


@rest.post("/{number}/withdraw", permission="core.contract.cancel", status=200)
def withdraw(ctx: Context, number: str, command: WithdrawContract) -> ContractOut:
    """Withdraw a contract that has not begun."""
    return ContractOut.model_validate(operations.withdraw(ctx, number, command))


@rest.get("/{number}/worth", permission=_VIEW)
def worth(ctx: Context, number: str, on: date | None = None) -> list[WorthOut]:
    """What the services that it covers are charged a month, today or on another day."""
    found = queries.get(ctx, number)
    return [WorthOut.model_validate(one) for one in worth_of(ctx, found, on or today(ctx))]


@rest.get("/{number}/termination", permission="core.contract.terminate")
def termination(ctx: Context, number: str, on: date | None = None) -> OutlookOut:
    """What ending it with the day `on` would mean; without it, with the first day that keeps the notice."""
    return OutlookOut.model_validate(outlook_of(ctx, queries.get(ctx, number), on))


@rest.post("/{number}/termination", permission="core.contract.terminate", status=200)
def terminate(ctx: Context, number: str, command: TerminateContract) -> ContractOut:
    """Give notice; it ends at once where its last day has come. Waiving needs a permission of its own."""
    return ContractOut.model_validate(operations.terminate(ctx, number, command))


@rest.delete("/{number}/termination", permission="core.contract.terminate")
def keep(ctx: Context, number: str) -> None:
    """Take a notice back."""
    operations.keep(ctx, number)


@rest.post("/{number}/termination/carry-out", permission="core.contract.terminate", status=200)
def end_now(ctx: Context, number: str) -> ContractOut:
    """End a contract whose notice is over and that could not be ended by itself."""
    return ContractOut.model_validate(operations.end_now(ctx, number))


@rest.get("/{number}/indexations", permission=_VIEW)
def indexations(ctx: Context, number: str) -> Sequence[IndexationOut]:
    """How its charges were indexed, the latest first."""
    found = queries.indexations_of(ctx, queries.get(ctx, number))
    return [IndexationOut.model_validate(row) for row in found]


@rest.post("/{number}/indexations", permission="core.contract.adjust")
def index(ctx: Context, number: str, command: IndexContract) -> IndexationOut:
    """Index the charges of the services that it covers."""
    return IndexationOut.model_validate(operations.index(ctx, number, command))
