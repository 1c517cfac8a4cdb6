"""The short form: client, contact, kind, e-mail, status, the least that plugins ask, such as a plan; then back to the list."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from trunkline.customers.alike import NOTHING_TOLD, told
from trunkline.customers.guided.creating import RefusedAt, create
from trunkline.customers.guided.steps import WHO, Asked, CustomerStep
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas.texts import Name, text
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.web.pages import Page, Pages

pages = Pages()
PATH = "/customers/new/client"
_CONTACTS = "core_contacts"


class Client(BaseModel):
    """Who it is, in as few words as there can be."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(title=_("Client"), description=_("Trade name of a business, full name of a person."))
    kind: CustomerKind = Field(
        default=CustomerKind.BUSINESS,
        title=_("Kind of person"),
        json_schema_extra={
            "widget": "radio",
            "choices": [
                ["business", pgettext("person", "Legal (business)")],
                ["individual", pgettext("person", "Natural (individual)")],
            ],
        },
    )
    email: Annotated[str, text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    status: Literal["active", "pending"] = Field(
        default="active",
        title=_("Status"),
        json_schema_extra={
            "widget": "select",
            "choices": [
                ["active", pgettext("customer", "Active")],
                ["pending", pgettext("customer", "Pending")],
            ],
        },
    )


def _further(page: Page) -> list[tuple[CustomerStep, Asked]]:
    """The steps of which this form asks something, with what that is."""
    found = []
    for step in page.app.customer_steps:
        asked = step.brief(page.ctx) if step.brief is not None and page.can(step.permission) else None
        if asked is not None:
            found.append((step, asked))
    return found


def _word(step: CustomerStep) -> str:
    return step.name.replace(".", "_")


def _schema(page: Page) -> type[BaseModel]:
    return _client_form(tuple((_word(step), asked.schema) for step, asked in _further(page)))


@lru_cache(maxsize=16)
def _client_form(parts: tuple[tuple[str, type[BaseModel]], ...]) -> type[BaseModel]:
    further: Any = {word: (schema, schema()) for word, schema in parts}
    # Beside the name: whom to ask for there.
    people = {word: further.pop(word) for word in list(further) if word == _CONTACTS}
    own: Any = {name: (info.annotation, info) for name, info in Client.model_fields.items()}
    name = {"name": own.pop("name")}
    return create_model("ClientForm", **name, **people, **own, **further)


def _initial(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Customers")), "/customers"), (str(_("Add customer")), ""))
    choices = {
        f"{_word(step)}.{name}": offered
        for step, asked in _further(page)
        for name, offered in asked.choices.items()
    }
    options = {
        "cancel": "/customers",
        "choices": choices,
        "focus": True,
        "answered": {"despite": "alike"},
        "noted": ("name", "email"),
    }
    return {"form_options": options}


def _despite(page: Page) -> list[str]:
    return [str(number) for number in page.form_data.getlist("despite")]


def _alike(page: Page) -> Mapping[str, Any]:
    kind = str(page.form_data.get("kind") or CustomerKind.BUSINESS)
    if page.request.method != "POST":
        return {**NOTHING_TOLD, "kind": kind}
    return {**told(page.ctx, page.form_data, kind, _despite(page)), "kind": kind}


@pages.form(
    PATH,
    permission="core.customer.create",
    schema=_schema,
    template="customers/guided/short.html",
    title=_("Add customer"),
    initial=_initial,
    extra=_alike,
    submit=_("Save and back"),
    draft="client",
)
def add(page: Page, command: BaseModel) -> Response:
    """Register the client with what goes along, in one transaction, and go back to the list."""
    steps = {step.name: step for step in page.app.customer_steps}
    answers = [(steps[WHO], command)]
    answers += [(step, getattr(command, _word(step))) for step, _asked in _further(page)]
    try:
        customer = create(page.ctx, answers, _despite(page))
    except RefusedAt as refused:
        raise _beside_its_field(refused, steps) from refused
    return page.redirect("/customers", str(_("{name} was added.", name=customer.name)))


def _beside_its_field(refused: RefusedAt, steps: Mapping[str, CustomerStep]) -> TrunklineError:
    """The refusal, naming its field as this form calls it."""
    error = refused.error
    if refused.step != WHO and isinstance(error, Refused) and error.field:
        error.field = f"{_word(steps[refused.step])}.{error.field}"
    return error
