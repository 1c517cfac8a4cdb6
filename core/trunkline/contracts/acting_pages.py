"""Recording an acceptance, giving notice and indexing: forms that say before what they will do."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from trunkline.contracts import operations, queries
from trunkline.contracts.models import IndexationKind
from trunkline.contracts.operations.accepting import Scan
from trunkline.contracts.operations.ending import WAIVE, Outlook, outlook_of
from trunkline.contracts.operations.indexing import indexation_of
from trunkline.contracts.pages import WORDS, below
from trunkline.contracts.printing import printed
from trunkline.contracts.schemas import (
    AcceptContract,
    AcceptWithScan,
    IndexContract,
    SendContract,
    TerminateContract,
)
from trunkline.contracts.terms import today
from trunkline.contracts.worth import ContractWorth, Indexation, indexed, monthly_minor, worth_of
from trunkline.customers.sheets.pages import as_download
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline.web.stretches import SHOWN

pages = Pages()


def _accept_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    customer = below(page, found, str(_("Record an acceptance")))
    return {
        "accepted_by": customer.name,
        "tax_id": customer.tax_id,
        "form_options": {"cancel": f"/contracts/{number}"},
    }


@pages.form(
    "/contracts/{number}/accept",
    permission="core.contract_acceptance.record",
    schema=AcceptWithScan,
    template="customers/form.html",
    title=_("Record an acceptance"),
    initial=_accept_initial,
    submit=_("Record it"),
)
def accept(page: Page, command: AcceptWithScan, number: str) -> Response:
    upload = command.scan
    scan = Scan(upload.file, upload.filename or "") if upload and upload.filename else None
    plain = AcceptContract.model_validate(command.model_dump(exclude={"scan"}))
    operations.accept(page.ctx, number, plain, scan)
    return page.redirect(f"/contracts/{number}", str(_("The acceptance was recorded.")))


def _send_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = below(page, queries.get(page.ctx, number), str(_("Send")))
    return {"email": customer.email, "form_options": {"cancel": f"/contracts/{number}"}}


@pages.form(
    "/contracts/{number}/send",
    permission="core.contract.issue",
    schema=SendContract,
    template="contracts/send.html",
    title=_("Send the contract"),
    initial=_send_initial,
    extra=lambda page, number: {"contract": queries.get(page.ctx, number)},
    submit=_("Send"),
)
def send(page: Page, command: SendContract, number: str) -> Response:
    operations.send(page.ctx, number, command)
    return page.redirect(f"/contracts/{number}", str(_("The contract is on its way.")))


@pages.post("/contracts/{number}/adopt-print", permission="core.contract.edit")
def adopt_print(page: Page, number: str) -> Response:
    operations.adopt_print(page.ctx, number)
    return page.redirect(f"/contracts/{number}", str(_("The printed contract is the text now.")))


@pages.get("/contracts/{number}/contract.pdf", permission="core.contract.view")
def printed_contract(page: Page, number: str) -> Response:
    """In the customer's language, or with `?language=own` in the reader's."""
    own = page.query.get("language") == "own"
    found = queries.get(page.ctx, number)
    return as_download(printed(page.ctx, found, language=page.locale if own else ""), number)


def _terminate_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    below(page, found, str(_("Terminate the contract")))
    outlook = outlook_of(page.ctx, found, None)
    exclude = () if page.can(WAIVE) and found.penalty != "none" else ("waive",)
    options = {"cancel": f"/contracts/{number}", "danger": True, "exclude": exclude}
    return {"on": outlook.on, "version": found.version, "form_options": options}


def _day(page: Page) -> date | None:
    try:
        return date.fromisoformat(str(page.form_data.get("on", "")))
    except ValueError:
        return None


def _outlook(page: Page, number: str) -> Mapping[str, Any]:
    """What the termination half filled in would mean, or why it cannot be."""
    found, refused = queries.get(page.ctx, number), ""
    outlook: Outlook | None = None
    try:
        outlook = outlook_of(page.ctx, found, _day(page))
    except TrunklineError as error:
        refused = str(error)
    return {"contract": found, "outlook": outlook, "refused": refused, **WORDS}


@pages.form(
    "/contracts/{number}/terminate",
    permission="core.contract.terminate",
    schema=TerminateContract,
    template="contracts/terminate.html",
    title=_("Terminate the contract"),
    initial=_terminate_initial,
    extra=_outlook,
    submit=_("Terminate the contract"),
)
def terminate(page: Page, command: TerminateContract, number: str) -> Response:
    contract = operations.terminate(page.ctx, number, command)
    over = contract.terminates_on is not None and contract.terminates_on <= today(page.ctx)
    said = _("The contract was terminated.") if over else _("Notice was given.")
    return page.redirect(f"/contracts/{number}", str(said))


@pages.post("/contracts/{number}/terminate/preview", permission="core.contract.terminate", reads=True)
def preview_termination(page: Page, number: str) -> Response:
    return page.part("contracts/outlook.html", **_outlook(page, number))


@pages.post("/contracts/{number}/keep", permission="core.contract.terminate")
def keep(page: Page, number: str) -> Response:
    operations.keep(page.ctx, number)
    return page.redirect(f"/contracts/{number}", str(_("The notice was taken back.")))


@pages.post("/contracts/{number}/end-now", permission="core.contract.terminate")
def end_now(page: Page, number: str) -> Response:
    operations.end_now(page.ctx, number)
    return page.redirect(f"/contracts/{number}", str(_("The contract was terminated.")))


def _index_initial(page: Page, number: str) -> Mapping[str, Any]:
    found = queries.get(page.ctx, number)
    below(page, found, str(_("Index charges")))
    due = max(found.next_indexation_on or today(page.ctx), today(page.ctx))
    values: dict[str, Any] = {"effective_on": due, "version": found.version}
    if found.indexation == IndexationKind.FIXED:
        values["percent"] = f"{WORDS['percent'](found.indexation_basis_points).normalize():f}"
    return {**values, "form_options": {"cancel": f"/contracts/{number}"}}


def _together(
    worths: Sequence[ContractWorth], currency: str, indexation: Indexation | None
) -> tuple[int, int] | None:
    """What several services are charged a month now and then, in minor units of the contract's currency."""
    monthly = monthly_minor(worths, currency)
    if monthly is None or len(worths) == 1:
        return None
    basis_points = indexation.basis_points if indexation else 0
    # Each is rounded by itself, as it will be charged.
    return monthly, sum(indexed(one.amount_minor, basis_points) for one in worths if one.currency == currency)


def _indexation(page: Page, number: str) -> Mapping[str, Any]:
    """What the indexation half filled in would change, or why it cannot be."""
    found, refused, indexation = queries.get(page.ctx, number), "", None
    worths = worth_of(page.ctx, found, today(page.ctx))
    try:
        asked = {name: page.form_data.get(name) or None for name in ("percent", "effective_on")}
        if asked["percent"] is not None or found.indexation == IndexationKind.FIXED:
            indexation = indexation_of(page.ctx, found, IndexContract.model_validate(asked))
    except (TrunklineError, ValidationError) as error:
        refused = str(error) if isinstance(error, TrunklineError) else str(_("Write it like 4.5."))
    return {
        "contract": found,
        "worths": worths,
        "shown": SHOWN,
        "together": _together(worths, found.currency, indexation),
        "indexation": indexation,
        "refused": refused,
        "indexed": indexed,
        **WORDS,
    }


@pages.form(
    "/contracts/{number}/index",
    permission="core.contract.adjust",
    schema=IndexContract,
    template="contracts/index.html",
    title=_("Index charges"),
    initial=_index_initial,
    extra=_indexation,
    submit=_("Index them"),
)
def index(page: Page, command: IndexContract, number: str) -> Response:
    operations.index(page.ctx, number, command)
    return page.redirect(f"/contracts/{number}", str(_("The charges were indexed.")))


@pages.post("/contracts/{number}/index/preview", permission="core.contract.adjust", reads=True)
def preview_indexation(page: Page, number: str) -> Response:
    return page.part("contracts/indexation.html", **_indexation(page, number))
