"""What comes in and goes out about service accounts and their keys."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from trunkline.auth.schemas import PersonName
from trunkline.i18n import gettext

_ = gettext

_ROLES: dict[str, Any] = {"widget": "checkboxes", "width": "wide"}

#: A word that tells the account apart: `invoice-exporter`.
AccountCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[a-z][a-z0-9-]{1,39}$"),
    Field(examples=["invoice-exporter"]),
]


def _names(joined: object) -> object:
    """The database joins role names with commas."""
    return sorted(joined.split(",")) if isinstance(joined, str) and joined else joined or []


class CreateServiceAccount(BaseModel):
    """An account of a program, which no person signs in to."""

    name: PersonName = Field(title=_("Name"), description=_("The program or machine that works with it."))
    code: AccountCode = Field(
        title=_("Code"),
        description=_("A word in small letters, as in invoice-exporter. It stays."),
        json_schema_extra={"autocapitalize": "none"},
    )
    roles: list[str] = Field(
        min_length=1,
        title=_("Roles"),
        description=_("Its keys never do more than these."),
        json_schema_extra=_ROLES,
    )


class EditServiceAccount(BaseModel):
    """What may change about a service account."""

    name: PersonName = Field(title=_("Name"))
    roles: list[str] = Field(
        min_length=1,
        title=_("Roles"),
        description=_("Its keys never do more than these."),
        json_schema_extra=_ROLES,
    )
    version: int | None = None


class ServiceAccountOut(BaseModel):
    """A service account as REST shows it. `keys` counts those that work."""

    id: int
    code: str
    name: str
    status: str
    roles: Annotated[list[str], BeforeValidator(_names)]
    keys: int
    last_used_at: datetime | None
    created_at: datetime
    version: int


class ApiKeyOut(BaseModel):
    """An API key as REST shows it; of its secret only the beginning. No permissions listed: all that the account holds."""

    id: int
    name: str
    shown: str
    permissions: list[str]
    networks: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    created_at: datetime


class MadeApiKeyOut(ApiKeyOut):
    """A key that was just made, with its secret for the only time."""

    key: str
