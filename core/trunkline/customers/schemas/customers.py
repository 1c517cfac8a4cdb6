"""Registering and editing customers, of both kinds."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas.texts import (
    LANGUAGE_CHOICES,
    CountryCode,
    Language,
    Name,
    Short,
    Website,
    text,
)
from trunkline.i18n import gettext as _


class AddressData(BaseModel):
    """The first address; it becomes the customer's first site."""

    model_config = ConfigDict(extra="forbid")

    street: Annotated[str, text(300)] = Field(
        default="", title=_("Street and number"), json_schema_extra={"width": "two-thirds"}
    )
    postal_code: Annotated[str, text(20)] = Field(
        default="", title=_("Postal code"), json_schema_extra={"width": "third"}
    )
    city: Short = Field(default="", title=_("City"), json_schema_extra={"width": "two-thirds"})
    state: Annotated[str, text(60)] = Field(
        default="", title=_("State"), json_schema_extra={"width": "third"}
    )

    @property
    def given(self) -> bool:
        """Whether any part was filled in."""
        return bool(self.street or self.postal_code or self.city or self.state)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TaxId(_Strict):
    tax_id: Annotated[str, text(40)] = Field(
        default="", title=_("Tax id"), description=_("CPF or CNPJ in Brazil; VAT number elsewhere.")
    )
    country: CountryCode = Field(
        default="",
        title=_("Country"),
        json_schema_extra={"widget": "country", "blank": _("As the operator’s")},
    )


class _Reach(_Strict):
    email: Annotated[str, text(254)] = Field(
        default="", title=_("E-mail"), json_schema_extra={"widget": "email"}
    )
    phone: Annotated[str, text(40)] = Field(
        default="", title=_("Phone"), json_schema_extra={"inputmode": "tel"}
    )
    language: Language = Field(default="", title=_("Language"), json_schema_extra=LANGUAGE_CHOICES)


class _Notes(_Strict):
    notes: Annotated[str, text(5000)] = Field(
        default="", title=_("Notes"), json_schema_extra={"widget": "textarea", "rows": 3}
    )


class _BusinessNames(_Strict):
    name: Name = Field(title=_("Trade name"))
    legal_name: Annotated[str, text(200)] = Field(default="", title=_("Legal name"))


class _BusinessFacts(_Strict):
    state_registration: Annotated[str, text(60)] = Field(default="", title=_("State registration"))
    website: Website = Field(default="", title=_("Website"))


class _PersonName(_Strict):
    name: Name = Field(title=_("Full name"), json_schema_extra={"width": "full"})


class _PersonFacts(_Strict):
    identity_document: Annotated[str, text(60)] = Field(default="", title=_("Identity document"))
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
    reseller_code: Annotated[str, text(40)] = Field(default="", title=_("Reseller"))
    address: AddressData = Field(default=AddressData(), title=_("Address"))


class RegisterNewCustomer(RegisterCustomer):
    """Registering somebody who may be registered already: each of these is named in a conflict (409) unless `despite` has it."""

    despite: list[Annotated[str, text(20)]] = Field(
        default=[],
        max_length=20,
        title=_("Numbers of customers who are somebody else"),
    )


class UpdateCustomer(BaseModel):
    """New values; what is not named stays. `version` is the version that was edited."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    legal_name: Annotated[str, text(200)] | None = None
    tax_id: Annotated[str, text(40)] | None = None
    country: CountryCode | None = None
    email: Annotated[str, text(254)] | None = None
    phone: Annotated[str, text(40)] | None = None
    language: Language | None = None
    birth_date: date | None = None
    identity_document: Annotated[str, text(60)] | None = None
    state_registration: Annotated[str, text(60)] | None = None
    website: Website | None = None
    notes: Annotated[str, text(5000)] | None = None
    version: int | None = None
