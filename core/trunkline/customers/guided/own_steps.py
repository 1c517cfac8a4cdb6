"""The steps of the trunk: who the customer is, people to talk to, and where."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.customers import operations
from trunkline.customers.guided.steps import WHO, Asked, CustomerStep
from trunkline.customers.models import ContactRole, Customer, CustomerKind
from trunkline.customers.operations import first_site_name
from trunkline.customers.schemas import BusinessData, ContactData, IndividualData, SiteData
from trunkline.customers.schemas.texts import text
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_KINDS: dict[str, Any] = {
    "widget": "select",
    "choices": [["individual", _("Individual")], ["business", _("Business")]],
    "data-submits": True,
}


class KindOfCustomer(BaseModel):
    """Asked first, because the rest depends on it."""

    kind: CustomerKind = Field(
        default=CustomerKind.INDIVIDUAL, title=_("Kind of customer"), json_schema_extra=_KINDS
    )


# A form shows its fields in the order of its bases, last base first.
class WhoBusiness(BusinessData, KindOfCustomer):
    """A business."""

    kind: CustomerKind = Field(
        default=CustomerKind.BUSINESS, title=_("Kind of customer"), json_schema_extra=_KINDS
    )


class WhoIndividual(IndividualData, KindOfCustomer):
    """An individual."""


def _ask_who(ctx: Context, answers: Mapping[str, BaseModel], typed: Mapping[str, Any]) -> Asked:
    schema = WhoBusiness if typed.get("kind") == CustomerKind.BUSINESS else WhoIndividual
    return Asked(schema, {"country": ctx.app.config.country})


def _registered(ctx: Context, customer: Customer, command: BaseModel) -> None:
    """There is nothing left to do: who it is was said when the customer was registered."""


class _Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, text(200)] = Field(default="", title=_("Name"))
    roles: list[ContactRole] = Field(
        default_factory=list,
        title=_("Contact for"),
        json_schema_extra=ContactData.model_fields["roles"].json_schema_extra,
    )
    email: Annotated[str, text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    phone: Annotated[str, text(40)] = Field(
        default="", title=_("Phone"), json_schema_extra={"inputmode": "tel"}
    )


class People(BaseModel):
    """Up to two people; more are added on the customer's page."""

    model_config = ConfigDict(extra="forbid")

    main: _Person = Field(default=_Person(), title=_("Main contact"))
    second: _Person = Field(default=_Person(), title=_("Second contact"))


class MainContact(BaseModel):
    """The one person that the short form asks for."""

    model_config = ConfigDict(extra="forbid")

    contact: Annotated[str, text(200)] = Field(
        default="", title=_("Contact"), json_schema_extra={"section": ""}
    )


def _add_people(ctx: Context, customer: Customer, command: People | MainContact) -> None:
    if isinstance(command, MainContact):
        if command.contact:
            operations.add_contact(ctx, customer.number, ContactData(name=command.contact))
        return
    for place, person in (("main", command.main), ("second", command.second)):
        if person.name or person.email or person.phone:
            _add_person(ctx, customer, place, person)


def _add_person(ctx: Context, customer: Customer, place: str, person: _Person) -> None:
    if not person.name:
        raise Refused(_("Name the person."), field=f"{place}.name")
    try:
        operations.add_contact(ctx, customer.number, ContactData.model_validate(person.model_dump()))
    except Refused as error:
        error.field = f"{place}.{error.field}"
        raise


class Place(SiteData):
    """The first site; its name is made up when only an address is given."""

    name: Annotated[str, text(120)] = Field(
        default="", title=_("Name"), description=_("As people call it; blank for head office or home.")
    )


def _ask_place(ctx: Context, answers: Mapping[str, BaseModel], typed: Mapping[str, Any]) -> Asked:
    return Asked(Place)


def _add_place(ctx: Context, customer: Customer, command: Place) -> None:
    values = command.model_dump(exclude={"version"})
    if not any(value not in ("", None) for name, value in values.items() if name != "country"):
        return
    name = command.name or first_site_name(ctx, customer)
    operations.add_site(ctx, customer.number, SiteData.model_validate({**values, "name": name}))


CUSTOMER_STEPS = (
    CustomerStep(WHO, _("Customer"), "core.customer.create", _ask_who, _registered, order=0),
    CustomerStep(
        "core.contacts",
        _("Contacts"),
        "core.customer.edit",
        lambda ctx, answers, typed: Asked(People),
        _add_people,
        help=_("People to talk to. Leave it blank if there is nobody to name yet."),
        order=10,
        brief=lambda ctx: Asked(MainContact),
    ),
    CustomerStep(
        "core.site",
        _("Site"),
        "core.customer.edit",
        _ask_place,
        _add_place,
        help=_(
            "Where the services will be. The place on the map is looked up from the address; latitude and longitude are only "
            "for those who know better."
        ),
        order=20,
    ),
)
