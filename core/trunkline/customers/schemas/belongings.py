"""What belongs to a customer: contacts, sites, tags, attributes."""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from trunkline.customers.models import AttributeType, ContactRole
from trunkline.customers.schemas.texts import CountryCode, Link, Name, Short, TimeZone, text
from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext

TagColour = Literal["blue", "green", "yellow", "orange", "red", "purple", "cyan", "grey"]
TAG_COLOURS: tuple[TagColour, ...] = get_args(TagColour)
_ROLES: list[JsonValue] = [
    ["billing", _("Billing")],
    ["technical", _("Technical")],
    ["owner", _("Owner")],
    ["other", _("Other")],
]


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
    email: Annotated[str, text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    phone: Annotated[str, text(40)] = Field(
        default="", title=_("Phone"), json_schema_extra={"inputmode": "tel"}
    )
    notes: Annotated[str, text(500)] = Field(default="", title=_("Notes"))
    version: int | None = None


class SiteData(BaseModel):
    """A place of a customer."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)] = Field(
        title=_("Name"), description=_("As people call it: head office, home.")
    )
    street: Annotated[str, text(300)] = Field(default="", title=_("Street and number"))
    postal_code: Annotated[str, text(20)] = Field(
        default="", title=_("Postal code"), json_schema_extra={"width": "third"}
    )
    city: Short = Field(default="", title=_("City"), json_schema_extra={"width": "third"})
    state: Annotated[str, text(60)] = Field(
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
    colour: TagColour = Field(
        default="blue",
        title=_("Colour"),
        json_schema_extra={"choices": [[c, _(c.capitalize())] for c in TAG_COLOURS]},
    )
    link: Link = Field(default="", title=_("Link"))
    from_date: date | None = Field(
        default=None, title=pgettext("range", "From"), json_schema_extra={"width": "half"}
    )
    to_date: date | None = Field(
        default=None, title=pgettext("range", "To"), json_schema_extra={"width": "half"}
    )
    version: int | None = None


class AttributeData(BaseModel):
    """A free typed fact."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] = Field(
        title=_("Name")
    )
    type: AttributeType = Field(default=AttributeType.TEXT, title=_("Type"))
    value: Annotated[str, text(1000)] = Field(
        default="", title=_("Value"), description=_("Dates as 2026-11-21, numbers as 12.5, yes or no.")
    )
    version: int | None = None
