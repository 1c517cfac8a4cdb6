"""Pages on which two customers become one, and are parted again."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.customers.identity import shown_tax_id
from trunkline.customers.merging import candidates, operations, queries
from trunkline.customers.merging.schemas import FIELDS, MergeCustomers, MergeDifference, MergePreview
from trunkline.customers.merging.tables import DUPLICATES
from trunkline.customers.models import Customer
from trunkline.db.numbers import example
from trunkline.errors import NotFound, Refused
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline.web.writing import phone_text

pages = Pages()
_MERGE = "core.customer.merge"
_Which = Literal["keep", "take"]


def _choice(title: str) -> Any:
    return Field(default="keep", title=title, json_schema_extra={"widget": "radio", "width": "full"})


class MergeForm(BaseModel):
    """Field by field, whose value stays; and the versions that were compared."""

    model_config = ConfigDict(extra="forbid")

    name: _Which = _choice(_("Name"))
    legal_name: _Which = _choice(_("Legal name"))
    tax_id: _Which = _choice(_("Tax id"))
    email: _Which = _choice(_("E-mail"))
    phone: _Which = _choice(_("Phone"))
    language: _Which = _choice(_("Language"))
    birth_date: _Which = _choice(_("Date of birth"))
    identity_document: _Which = _choice(_("Identity document"))
    state_registration: _Which = _choice(_("State registration"))
    website: _Which = _choice(_("Website"))
    notes: _Which = _choice(_("Notes"))
    version: int | None = None
    source_version: int | None = Field(default=None, json_schema_extra={"widget": "hidden"})


@pages.get("/customers/duplicates", permission=_MERGE)
def duplicates(page: Page) -> Response:
    page.title = str(_("Duplicates"))
    page.crumbs((str(_("Customers")), "/customers"), (page.title, ""))
    return page.table("merging/list.html", DUPLICATES, queries.list_duplicates(page.ctx))


@pages.get("/customers/{number}/duplicates", permission=_MERGE)
def duplicates_of(page: Page, number: str) -> Response:
    customer = customers.get(page.ctx, number)
    _crumbs(page, customer, str(_("Duplicates")))
    judged = queries.dismissed_with(page.ctx, customer.key)
    found = candidates.like(page.ctx, customer)
    return page.render(
        "merging/duplicates.html",
        customer=customer,
        candidates=[one for one in found if one.id not in judged],
        judged=[one for one in found if one.id in judged],
        merges=queries.merges_of(page.ctx, customer),
        reasons=candidates.REASONS,
        now=page.ctx.now(),
        shown_tax_id=shown_tax_id,
    )


@pages.post("/customers/{number}/duplicates/{other}/dismiss", permission=_MERGE)
def dismiss(page: Page, number: str, other: str) -> Response:
    operations.dismiss(page.ctx, number, other)
    return page.redirect(f"/customers/{number}/duplicates", str(_("They are not offered again.")))


class CompareWith(BaseModel):
    """The customer to compare with, by number."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)
    ] = Field(
        title=_("Customer that goes into this one"),
        description=_("Number of the customer. Type a name to be offered numbers."),
        json_schema_extra={"widget": "lookup", "href": "/customers/lookup"},
    )


def _choose_initial(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    _crumbs(page, customer, str(_("Duplicates")))
    return {"form_options": {"cancel": f"/customers/{customer.number}/duplicates"}}


@pages.form(
    "/customers/{number}/merge",
    permission=_MERGE,
    schema=CompareWith,
    template="customers/form.html",
    title=_("Compare with another"),
    initial=_choose_initial,
    submit=_("Compare"),
)
def choose(page: Page, command: CompareWith, number: str) -> Response:
    """To the comparison with the customer whose number was typed; nothing changes yet."""
    try:
        other = customers.get(page.ctx, command.source)
    except NotFound as error:
        raise Refused(
            error.message,
            field="source",
            remedy=_("Type the number, as {example}.", example=example(page.ctx.session, "customer")),
        ) from None
    operations.refuse_if_apart(page.ctx, customers.get(page.ctx, number), other)
    return page.redirect(f"/customers/{number}/merge/{other.number}")


def _initial(page: Page, number: str, other: str) -> Mapping[str, Any]:
    found = queries.preview(page.ctx, number, other)
    customer = customers.get(page.ctx, number)
    _crumbs(page, customer, str(_("Merge")))
    page.title = str(_("Merge {source} into {name}", source=found.source_name, name=found.name))
    differing = {item.field: item for item in found.differences}
    return {
        **{name: "take" if item.suggested else "keep" for name, item in differing.items()},
        "version": found.version,
        "source_version": found.source_version,
        "form_options": {
            "cancel": f"/customers/{number}/duplicates",
            "danger": True,
            "exclude": [name for name in FIELDS if name not in differing],
            "choices": {name: _choices(found, item, customer.country) for name, item in differing.items()},
        },
    }


def _choices(found: MergePreview, item: MergeDifference, country: str) -> list[tuple[str, str]]:
    return [
        ("keep", f"{_told(item, item.value, country)} ({found.number})"),
        ("take", f"{_told(item, item.source_value, country)} ({found.source})"),
    ]


def _told(item: MergeDifference, value: str, country: str) -> str:
    if not value:
        return str(_("nothing"))
    if item.field == "tax_id":
        return shown_tax_id(value, country)
    if item.field == "phone":
        return phone_text(value)
    return LANGUAGES.get(value, value) if item.field == "language" else value


@pages.form(
    "/customers/{number}/merge/{other}",
    permission=_MERGE,
    schema=MergeForm,
    template="merging/merge.html",
    title=_("Merge customers"),
    initial=_initial,
    extra=lambda page, number, other: {"preview": queries.preview(page.ctx, number, other)},
    submit=_("Merge"),
)
def merge(page: Page, command: MergeForm, number: str, other: str) -> Response:
    done = operations.merge(
        page.ctx,
        number,
        MergeCustomers(
            source=other,
            take=[name for name in FIELDS if getattr(command, name) == "take"],  # type: ignore[misc]  # FIELDS are FieldNames
            version=command.version,
            source_version=command.source_version,
        ),
    )
    said = _("{source} is a part of this customer now.", source=done.source_number)
    return page.redirect(f"/customers/{number}", str(said))


@pages.post("/customers/{number}/merges/{key:int}/undo", permission=_MERGE)
def undo(page: Page, number: str, key: int) -> Response:
    source = operations.undo(page.ctx, number, key)
    return page.redirect(f"/customers/{source.number}", str(_("The merge was undone.")))


def alert(page: Page, customer: Customer) -> str | None:
    """On the customer's page: that there may be a double, and that the last merge can be undone."""
    double = queries.may_be_double(page.ctx, customer.key)
    last = queries.last_merge_to_undo(page.ctx, customer.key)
    if not double and last is None:
        return None
    return page.fragment("merging/alert.html", customer=customer, double=double, last=last)


def _crumbs(page: Page, customer: Customer, label: str) -> None:
    page.title = str(_("{what} of {name}", what=label, name=customer.name))
    page.crumbs(
        (str(_("Customers")), "/customers"), (customer.name, f"/customers/{customer.number}"), (label, "")
    )
