"""What goes into customer operations and comes out of queries: one source for forms, REST and imports."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict, JsonValue

from trunkline.countries import country_codes
from trunkline.customers.models import AttributeType, ContactRole, CustomerKind, CustomerStatus
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _

TAG_COLOURS = ("blue", "green", "yellow", "orange", "red", "purple", "cyan", "grey")


def _country(value: str) -> str:
    value = value.upper()
    if value and value not in country_codes():
        raise ValueError(_("“{value}” is no ISO 3166 country code.", value=value))
    return value


@cache
def _known_zones() -> frozenset[str]:
    # Reading the list walks the whole zone folder: 15 ms.
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value and value not in _known_zones():
        raise ValueError(_("“{value}” is no IANA time zone, such as America/Sao_Paulo.", value=value))
    return value


def _link(value: str) -> str:
    if value and (not value.startswith(("https://", "http://", "/")) or value.startswith("//")):
        raise ValueError(_("A link begins with https://, http:// or /."))
    return value


def _language(value: str) -> str:
    value = value.replace("-", "_")
    if value and value not in LANGUAGES:
        raise ValueError(_("The languages are {known}.", known=", ".join(LANGUAGES)))
    return value


def _text(most: int) -> Any:
    return StringConstraints(strip_whitespace=True, max_length=most)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Short = Annotated[str, _text(120)]
CountryCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "pattern": "^([A-Z]{2})?$", "examples": ["BR"]}),
]
TimeZone = Annotated[str, _text(60), AfterValidator(_zone)]
Language = Annotated[str, _text(10), AfterValidator(_language)]
Link = Annotated[str, _text(500), AfterValidator(_link)]

_LANGUAGES: list[JsonValue] = [[code, name] for code, name in LANGUAGES.items()]
_LANGUAGE_CHOICES: JsonDict = {"choices": _LANGUAGES, "blank": _("As the operator’s")}


_ROLES: list[JsonValue] = [
    ["billing", _("Billing")],
    ["technical", _("Technical")],
    ["owner", _("Owner")],
    ["other", _("Other")],
]


class AddressData(BaseModel):
    """The first address; it becomes the customer's first site."""

    model_config = ConfigDict(extra="forbid")

    street: Annotated[str, _text(300)] = Field(
        default="", title=_("Street and number"), json_schema_extra={"width": "two-thirds"}
    )
    postal_code: Annotated[str, _text(20)] = Field(
        default="", title=_("Postal code"), json_schema_extra={"width": "third"}
    )
    city: Short = Field(default="", title=_("City"), json_schema_extra={"width": "two-thirds"})
    state: Annotated[str, _text(60)] = Field(
        default="", title=_("State"), json_schema_extra={"width": "third"}
    )

    @property
    def given(self) -> bool:
        """Whether any part was filled in."""
        return bool(self.street or self.postal_code or self.city or self.state)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TaxId(_Strict):
    tax_id: Annotated[str, _text(40)] = Field(
        default="", title=_("Tax id"), description=_("CPF or CNPJ in Brazil; VAT number elsewhere.")
    )
    country: CountryCode = Field(
        default="",
        title=_("Country"),
        json_schema_extra={"widget": "country", "blank": _("As the operator’s")},
    )


class _Reach(_Strict):
    email: Annotated[str, _text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    phone: Annotated[str, _text(40)] = Field(
        default="", title=_("Phone"), json_schema_extra={"inputmode": "tel"}
    )
    language: Language = Field(default="", title=_("Language"), json_schema_extra=_LANGUAGE_CHOICES)


class _Notes(_Strict):
    notes: Annotated[str, _text(5000)] = Field(
        default="", title=_("Notes"), json_schema_extra={"widget": "textarea", "rows": 3}
    )


class _BusinessNames(_Strict):
    name: Name = Field(title=_("Trade name"))
    legal_name: Annotated[str, _text(200)] = Field(default="", title=_("Legal name"))


class _BusinessFacts(_Strict):
    state_registration: Annotated[str, _text(60)] = Field(default="", title=_("State registration"))
    website: Annotated[str, _text(300), AfterValidator(_link)] = Field(default="", title=_("Website"))


class _PersonName(_Strict):
    name: Name = Field(title=_("Full name"), json_schema_extra={"width": "full"})


class _PersonFacts(_Strict):
    identity_document: Annotated[str, _text(60)] = Field(default="", title=_("Identity document"))
    birth_date: date | None = Field(default=None, title=_("Date of birth"))


# A form shows its fields in the order of its bases, last base first.


class BusinessData(_Notes, _Reach, _BusinessFacts, _TaxId, _BusinessNames):
    """A business (juridical person)."""


class IndividualData(_Notes, _Reach, _PersonFacts, _TaxId, _PersonName):
    """An individual (natural person)."""


class EditBusiness(BusinessData):
    """The form that changes a business; `version` is the version it was opened at."""

    version: int | None = None


class EditIndividual(IndividualData):
    """The form that changes an individual; `version` is the version it was opened at."""

    version: int | None = None


class NewBusiness(BusinessData):
    """The form that registers a business."""

    address: AddressData = Field(default=AddressData(), title=_("Address"))


class NewIndividual(IndividualData):
    """The form that registers an individual."""

    address: AddressData = Field(default=AddressData(), title=_("Address"))


class RegisterCustomer(_Notes, _Reach, _PersonFacts, _BusinessFacts, _TaxId, _BusinessNames):
    """Everything that registering takes; fields of the other kind are refused."""

    kind: CustomerKind = Field(title=_("Kind"))
    status: Literal["pending", "active"] = Field(default="active", title=_("Status"))
    reseller_code: Annotated[str, _text(40)] = Field(default="", title=_("Reseller"))
    address: AddressData = Field(default=AddressData(), title=_("Address"))


class UpdateCustomer(BaseModel):
    """New values; what is not named stays. `version` is the version that was edited."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    legal_name: Annotated[str, _text(200)] | None = None
    tax_id: Annotated[str, _text(40)] | None = None
    country: CountryCode | None = None
    email: Annotated[str, _text(254)] | None = None
    phone: Annotated[str, _text(40)] | None = None
    language: Language | None = None
    birth_date: date | None = None
    identity_document: Annotated[str, _text(60)] | None = None
    state_registration: Annotated[str, _text(60)] | None = None
    website: Annotated[str, _text(300), AfterValidator(_link)] | None = None
    notes: Annotated[str, _text(5000)] | None = None
    version: int | None = None


class ArchiveNote(BaseModel):
    """The form that archives a customer; a reason may be given."""

    reason: Annotated[str, _text(300)] = Field(
        default="",
        title=_("Reason"),
        description=_("Kept in the activity log."),
        json_schema_extra={"width": "full"},
    )


class StatusNote(ArchiveNote):
    """The form that activates a customer; a reason may be given."""

    version: int | None = None


class StatusReason(StatusNote):
    """The form that asks why a customer is suspended or closed."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] = Field(
        title=_("Reason"), description=_("Kept in the activity log."), json_schema_extra={"width": "full"}
    )


class SetStatus(BaseModel):
    """A change of status, with the reason that the activity log keeps."""

    model_config = ConfigDict(extra="forbid")

    status: CustomerStatus = Field(title=_("Status"))
    reason: Annotated[str, _text(300)] = Field(default="", title=_("Reason"))
    version: int | None = None


class ContactData(BaseModel):
    """A person at a customer."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(title=_("Name"))
    roles: list[ContactRole] = Field(
        default_factory=list,
        json_schema_extra={"choices": _ROLES},
        title=_("Contact for"),
        description=_("Billing contacts get invoices, technical ones notices."),
    )
    email: Annotated[str, _text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    phone: Annotated[str, _text(40)] = Field(
        default="", title=_("Phone"), json_schema_extra={"inputmode": "tel"}
    )
    notes: Annotated[str, _text(500)] = Field(default="", title=_("Notes"))
    version: int | None = None


class SiteData(BaseModel):
    """A place of a customer."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)] = Field(
        title=_("Name"), description=_("As people call it: head office, home.")
    )
    street: Annotated[str, _text(300)] = Field(default="", title=_("Street and number"))
    postal_code: Annotated[str, _text(20)] = Field(
        default="", title=_("Postal code"), json_schema_extra={"width": "third"}
    )
    city: Short = Field(default="", title=_("City"), json_schema_extra={"width": "third"})
    state: Annotated[str, _text(60)] = Field(
        default="", title=_("State"), json_schema_extra={"width": "third"}
    )
    country: CountryCode = Field(
        default="",
        title=_("Country"),
        json_schema_extra={"widget": "country", "blank": _("As the customer’s")},
    )
    time_zone: TimeZone = Field(
        default="", title=_("Time zone"), description=_("For display, such as America/Sao_Paulo.")
    )
    latitude: float | None = Field(
        default=None, ge=-90, le=90, title=_("Latitude"), json_schema_extra={"width": "half"}
    )
    longitude: float | None = Field(
        default=None, ge=-180, le=180, title=_("Longitude"), json_schema_extra={"width": "half"}
    )
    version: int | None = None


class TagData(BaseModel):
    """A coloured word on a customer."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] = Field(
        title=_("Text")
    )
    colour: Literal["blue", "green", "yellow", "orange", "red", "purple", "cyan", "grey"] = Field(
        default="blue",
        title=_("Colour"),
        json_schema_extra={"choices": [[c, _(c.capitalize())] for c in TAG_COLOURS]},
    )
    link: Link = Field(default="", title=_("Link"))
    from_date: date | None = Field(default=None, title=_("From"), json_schema_extra={"width": "half"})
    to_date: date | None = Field(default=None, title=_("To"), json_schema_extra={"width": "half"})
    version: int | None = None


class AssignCustomer(BaseModel):
    """Who looks after a customer: the key of a colleague, or nobody."""

    model_config = ConfigDict(extra="forbid")

    user_id: int | None = Field(
        default=None,
        title=_("Looked after by"),
        description=_("Colleagues whose role shows assigned customers only see those that are theirs."),
        json_schema_extra={"widget": "select", "blank": _("nobody")},
    )
    version: int | None = None


class AttributeData(BaseModel):
    """A free typed fact."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] = Field(
        title=_("Name")
    )
    type: AttributeType = Field(default=AttributeType.TEXT, title=_("Type"))
    value: Annotated[str, _text(1000)] = Field(
        default="", title=_("Value"), description=_("Dates as 2026-11-21, numbers as 12.5, yes or no.")
    )
    version: int | None = None


class CustomerRow(BaseModel):
    """Where a row came from: its key, number and version."""

    model_config = ConfigDict(from_attributes=True)


class ContactOut(CustomerRow):
    id: int
    name: str
    roles: list[str]
    email: str
    phone: str
    notes: str
    version: int


class SiteOut(CustomerRow):
    id: int
    name: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    #: `manual` or a provider's name, and what the provider calls the place.
    located_by: str
    located_as: str
    #: `waiting`, `unknown`, `failed`, or empty.
    locating: str
    version: int


class TagOut(CustomerRow):
    id: int
    text: str
    colour: str
    link: str
    from_date: date | None
    to_date: date | None
    version: int


class AttributeOut(CustomerRow):
    id: int
    name: str
    type: str
    value: str
    version: int


class CustomerSummary(CustomerRow):
    """A customer as lists show it."""

    number: str
    kind: str
    status: str
    name: str
    legal_name: str
    tax_id: str
    email: str
    phone: str
    country: str
    created_at: datetime


class CustomerOut(CustomerSummary):
    """A customer whole."""

    language: str
    birth_date: date | None
    identity_document: str
    state_registration: str
    website: str
    notes: str
    assigned_user_id: int | None
    version: int
    updated_at: datetime
