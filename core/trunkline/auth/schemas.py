"""What comes in and goes out about people who sign in: one source for forms and REST."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
)

from trunkline.auth.networks import read_networks
from trunkline.i18n import LANGUAGES, gettext
from trunkline.one_line import one_line

_ = gettext


def _lower(address: str) -> str:
    return address.lower()


def _offered(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(_("Choose one of the languages offered: {names}.", names=", ".join(LANGUAGES)))
    return language


def _names(joined: object) -> object:
    """The database joins role names with commas."""
    return sorted(joined.split(",")) if isinstance(joined, str) and joined else joined or []


#: An e-mail address in lower case, which is how users are found.
Address = Annotated[EmailStr, AfterValidator(_lower), Field(max_length=254)]
#: Networks in one line, with commas between them.
Networks = Annotated[str, AfterValidator(lambda text: ", ".join(read_networks(text)))]
PersonName = Annotated[
    str, BeforeValidator(one_line), StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
]
Language = Annotated[str, AfterValidator(_offered)]

_LANGUAGE: dict[str, Any] = {"widget": "select", "choices": list(LANGUAGES.items())}
#: What colleagues hold.
Roles = Annotated[
    list[str],
    Field(
        min_length=1,
        title=_("Roles"),
        description=_("Permissions of all chosen roles add up."),
        json_schema_extra={"widget": "checkboxes", "width": "wide"},
    ),
]
_NEW: dict[str, Any] = {"widget": "password", "autocomplete": "new-password"}


class SignIn(BaseModel):
    """Name and secret. `next` is the page that was asked for."""

    email: str = Field(
        max_length=254,
        title=_("E-mail"),
        json_schema_extra={"widget": "email", "autocomplete": "username", "autofocus": True},
    )
    password: str = Field(
        max_length=1000,
        title=_("Password"),
        json_schema_extra={"widget": "password", "autocomplete": "current-password"},
    )
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class Confirm(BaseModel):
    """The password of somebody who is signed in, once more. `next` is the page to go back to."""

    password: str = Field(
        min_length=1,
        max_length=1000,
        title=_("Password"),
        json_schema_extra={"widget": "password", "autocomplete": "current-password", "autofocus": True},
    )
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class ForgottenPassword(BaseModel):
    """Where to send a link that sets a new password."""

    email: Address = Field(
        title=_("E-mail"), json_schema_extra={"autocomplete": "username", "autofocus": True}
    )


class NewPassword(BaseModel):
    """A password typed twice."""

    password: str = Field(min_length=1, title=_("New password"), json_schema_extra=_NEW)
    repeated: str = Field(min_length=1, title=_("The same again"), json_schema_extra=_NEW)


class ChangePassword(BaseModel):
    """A new password of somebody who is signed in."""

    current: str = Field(
        min_length=1,
        title=_("Current password"),
        json_schema_extra={"widget": "password", "autocomplete": "current-password", "width": "wide"},
    )
    password: str = Field(min_length=1, title=_("New password"), json_schema_extra=_NEW)
    repeated: str = Field(min_length=1, title=_("The same again"), json_schema_extra=_NEW)


class ChangeEmail(BaseModel):
    """The address that somebody wants to sign in with."""

    email: Address = Field(
        title=_("New e-mail"),
        description=_("A link goes there. Your present address is told, too."),
        json_schema_extra={"autocomplete": "email", "autofocus": True},
    )


class Profile(BaseModel):
    """What people change about themselves."""

    name: PersonName = Field(title=_("Name"), json_schema_extra={"autocomplete": "name"})
    language: Language = Field("en", title=_("Language"), json_schema_extra=_LANGUAGE)


class InviteUser(BaseModel):
    """Somebody who gets a mail with a link to set a password."""

    email: Address = Field(
        title=_("E-mail"), description=_("The invitation goes there; it is also the sign-in.")
    )
    name: PersonName = Field(title=_("Name"))
    language: Language = Field("en", title=_("Language"), json_schema_extra=_LANGUAGE)
    roles: Roles


class InvitePortalUser(InviteUser):
    """Somebody at a customer who may sign in to the portal."""

    customer_id: int = Field(title=_("Customer"), json_schema_extra={"widget": "hidden"})
    roles: list[str] = Field(
        default=["portal_owner"],
        min_length=1,
        title=_("Roles"),
        description=_("What this person may see and do in the portal."),
        json_schema_extra={"widget": "checkboxes", "width": "wide"},
    )


class EditUser(BaseModel):
    """What an administrator changes about a user."""

    name: PersonName = Field(title=_("Name"))
    language: Language = Field("en", title=_("Language"), json_schema_extra=_LANGUAGE)
    roles: Roles
    version: int | None = None


class LoginIn(BaseModel):
    """Body of `POST /auth/login`. `otp` is the second factor's code, wanted when the answer to a login without it says so."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    otp: str = Field("", max_length=40)


class RefreshIn(BaseModel):
    """Body of `POST /auth/refresh` and `POST /auth/logout`."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(max_length=200)


class TokenOut(BaseModel):
    """A pair of tokens; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class UserOut(BaseModel):
    """A user as REST shows it."""

    id: int
    email: str
    name: str
    kind: str
    status: str
    language: str
    customer_id: int | None
    roles: Annotated[list[str], BeforeValidator(_names)]
    last_sign_in_at: datetime | None
    created_at: datetime
    version: int


class ApiKeyFacts(BaseModel):
    """What a key is for, how long it works and from where; the page adds what may be chosen."""

    name: PersonName = Field(
        title=_("What for"), description=_("The program or machine that will use the key.")
    )
    days: int = Field(
        365,
        ge=0,
        le=3650,
        title=_("Valid for"),
        description=_("0 means until it is revoked."),
        json_schema_extra={"suffix": _("days")},
    )
    networks: Networks = Field(
        "",
        max_length=2000,
        title=_("Only from these networks"),
        description=_(
            "Addresses or networks, as in 192.0.2.7 or 198.51.100.0/24, with commas between. Empty: any."
        ),
        json_schema_extra={"width": "full"},
    )

    @property
    def network_list(self) -> list[str]:
        """The networks, each once, in their shortest form."""
        return read_networks(self.networks)


class CreateApiKey(ApiKeyFacts):
    """A key for a program of one's own."""

    permissions: list[str] = Field(
        default=[],
        title=_("Only these permissions"),
        description=_("None chosen means every permission that you hold."),
    )
