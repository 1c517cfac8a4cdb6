"""What is typed and shown of resellers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"),
    Field(examples=["acme-south"]),
]


class EditReseller(BaseModel):
    """What may be changed later."""

    model_config = ConfigDict(extra="forbid")

    name: _Name = Field(title=_("Name"), json_schema_extra={"autofocus": True})
    version: int | None = Field(None, json_schema_extra={"widget": "hidden"})


class CreateReseller(BaseModel):
    """A reseller. Its code is what imports and programs name it by; it stays."""

    model_config = ConfigDict(extra="forbid")

    name: _Name = Field(title=_("Name"), json_schema_extra={"autofocus": True})
    code: _Code = Field(
        title=_("Code"),
        description=_("Short and without spaces, as in acme-south: imports and programs use it. It stays."),
        json_schema_extra={"width": "half"},
    )


class GiveCustomer(BaseModel):
    """The customer who belongs to the reseller from now on."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)] = Field(
        min_length=1,
        max_length=40,
        title=_("Customer number"),
        description=_("As in C000123. The reseller's people see this customer from now on."),
        json_schema_extra={"autofocus": True, "width": "half"},
    )


class ResellerOut(BaseModel):
    """A reseller as REST shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    active: bool
    customers: int
    people: int
    version: int
