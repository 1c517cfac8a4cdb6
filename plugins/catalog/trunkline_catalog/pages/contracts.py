"""Services under contracts: chosen on the service's page, and on the contract's."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, create_model
from sqlmodel import col
from starlette.responses import Response

from trunkline.contracts.models import Contract
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import SetContract

pages = Pages()
_COVER = "catalog.service.assign"


def _contract_initial(page: Page, number: str) -> Mapping[str, Any]:
    service = queries.service(page.ctx, number)
    offered = queries.contracts_in_force(page.ctx, service.customer_id)
    here = f"/catalog/services/{number}"
    return {
        "contract": "" if service.contract_ended_on else service.contract,
        "form_options": {"action": f"{here}/contract", "choices": {"contract": offered}},
    }


def _contract_extra(page: Page, number: str) -> Mapping[str, Any]:
    page.title = str(_("Contract of {number}", number=number))
    back = f"/catalog/services/{number}"
    page.crumbs((str(_("Services")), "/catalog/services"), (number, back), (str(_("Contract")), ""))
    return {
        "back": back,
        "words": _("Its invoice lines name the contract, and an indexation of it changes the price."),
    }


@pages.form(
    "/catalog/services/{number}/contract",
    permission=_COVER,
    schema=SetContract,
    template="catalog/cover.html",
    title=_("Contract"),
    initial=_contract_initial,
    extra=_contract_extra,
)
def set_contract(page: Page, command: SetContract, number: str) -> Response:
    """Put the service under the chosen contract, or under none."""
    service = operations.set_contract(page.ctx, number, command)
    words = (
        _("{service} stands under {contract}.", service=number, contract=service.contract)
        if service.contract
        else _("{service} stands under no contract.", service=number)
    )
    return page.redirect(f"/catalog/services/{number}", str(words))


@lru_cache(maxsize=128)
def _cover_schema(number: str) -> type[BaseModel]:
    return create_model(
        "CoverService",
        service=(
            Annotated[
                str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)
            ],
            Field(
                title=_("Service"),
                description=_(
                    "Number of one of the customer’s services. Type a product or an identifier to be offered numbers."
                ),
                json_schema_extra={
                    "widget": "lookup",
                    "href": f"/catalog/contracts/{number}/services/choices",
                },
            ),
        ),
    )


def _contract(page: Page, number: str) -> Contract:
    return page.ctx.load_by(Contract, col(Contract.number), number)


def _cover_schema_of(page: Page, number: str) -> type[BaseModel]:
    return _cover_schema(_contract(page, number).number)


def _cover_initial(page: Page, number: str) -> Mapping[str, Any]:
    return {"form_options": {"action": f"/catalog/contracts/{number}/services"}}


def _cover_extra(page: Page, number: str) -> Mapping[str, Any]:
    page.title = str(_("Put a service under {number}", number=number))
    back = f"/contracts/{number}"
    page.crumbs((number, back), (str(_("Services covered")), ""))
    return {"back": back, "words": _("What belongs to the service goes along.")}


@pages.form(
    "/catalog/contracts/{number}/services",
    permission=_COVER,
    schema=_cover_schema_of,
    template="catalog/cover.html",
    title=_("Put a service under the contract"),
    initial=_cover_initial,
    extra=_cover_extra,
)
def cover(page: Page, command: Any, number: str) -> Response:
    """Put one of the customer's services under the contract. What the operation says of the contract is said of the service."""
    contract = _contract(page, number)
    try:
        service = queries.service(page.ctx, command.service)
    except NotFound as error:
        raise Refused(str(error), field="service", remedy=_("Choose one of the list.")) from error
    if service.customer_id != contract.customer_id:
        raise Refused(
            _("{service} is another customer’s.", service=service.number),
            field="service",
            remedy=_("Choose one of the list."),
        )
    operations.set_contract(page.ctx, service.number, SetContract(contract=contract.number))
    words = _("{service} stands under {contract}.", service=service.number, contract=contract.number)
    return page.redirect(f"/contracts/{contract.number}", str(words))


@pages.get("/catalog/contracts/{number}/services/choices", permission=_COVER)
def choices(page: Page, number: str) -> Response:
    """The customer's services under no contract that hold what is being typed."""
    typed = next((value for value in page.query.values() if value.strip()), "")
    contract = _contract(page, number)
    found = queries.coverable(page.ctx, contract.customer_id, typed)
    return page.part("catalog/cover_choices.html", services=found)


@pages.post("/catalog/contracts/{number}/services/{service}/remove", permission=_COVER)
def uncover(page: Page, number: str, service: str) -> Response:
    """Take a service, and what belongs to it, out of the contract."""
    if queries.service(page.ctx, service).contract == number:
        operations.set_contract(page.ctx, service, SetContract())
    words = _("{service} stands under no contract.", service=service)
    return page.redirect(f"/contracts/{number}", str(words))
