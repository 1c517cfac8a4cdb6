"""What the operator says about the identity provider."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from trunkline.auth.directory_settings import PEOPLE, ROLES, NewPeople, RolesByGroup
from trunkline.i18n import gettext as _
from trunkline.loopback import is_loopback

_PROVIDER = _("Provider")


class _Provider(BaseModel):
    model_config = ConfigDict(frozen=True)

    issuer: str = Field(
        default="",
        max_length=300,
        title=_("Issuer"),
        description=_(
            "As in https://login.example.com/realms/staff; the rest is found there. There, register the address of this system "
            "followed by /oidc/callback as redirect address. Empty: no button."
        ),
        json_schema_extra={"section": _PROVIDER},
    )
    client_id: str = Field(
        default="", max_length=300, title=_("Client ID"), json_schema_extra={"section": _PROVIDER}
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        title=_("Client secret"),
        description=_("Empty for a public client; PKCE is used either way."),
        json_schema_extra={"section": _PROVIDER},
    )
    label: str = Field(
        default="",
        max_length=60,
        title=_("Name on the button"),
        description=_("As in “Example account”."),
        json_schema_extra={"section": _PROVIDER},
    )
    scopes: str = Field(
        default="openid email profile",
        max_length=300,
        title=_("Scopes"),
        description=_("Divided by blanks; some providers give groups only for a scope of their own."),
        json_schema_extra={"section": _PROVIDER},
    )
    timeout_seconds: int = Field(
        default=5,
        ge=1,
        le=30,
        title=_("Wait for an answer"),
        json_schema_extra={"section": _PROVIDER, "suffix": _("seconds")},
    )

    @field_validator("issuer")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not secure or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError(_("It must be an address that begins with https://, without “?” and “#”."))
        return value.rstrip("/")

    @field_validator("scopes")
    @classmethod
    def _openid(cls, value: str) -> str:
        return value if "openid" in value.split() else f"openid {value}".strip()

    @property
    def is_set_up(self) -> bool:
        """Whether there is somebody to send people to."""
        return bool(self.issuer and self.client_id)


class _Trust(BaseModel):
    link_by_email: bool = Field(
        default=False,
        title=_("Accounts with the same address become the provider's"),
        description=_(
            "At the next sign-in there, and only where the provider says that the address is verified; the password kept here is "
            "forgotten."
        ),
        json_schema_extra={"section": PEOPLE},
    )
    trusted_amr: str = Field(
        default="",
        max_length=300,
        title=_("Methods that count as a second factor"),
        description=_(
            "Values of the claim amr (RFC 8176), as in mfa otp hwk. With one of them no second factor is asked for here."
        ),
        json_schema_extra={"section": PEOPLE},
    )
    trusted_acr: str = Field(
        default="",
        max_length=300,
        title=_("Levels that count as a second factor"),
        description=_(
            "Values of the claim acr, divided by blanks. Empty, as above: the second factor of this system applies."
        ),
        json_schema_extra={"section": PEOPLE},
    )


class _Groups(BaseModel):
    groups_claim: str = Field(
        default="groups",
        max_length=120,
        title=_("Claim with the groups"),
        description=_(
            "A list of names, or one name; dots lead into nested claims, as in realm_access.roles."
        ),
        json_schema_extra={"section": ROLES},
    )


class OidcSettings(RolesByGroup, _Groups, _Trust, NewPeople, _Provider):
    """Table `[plugin.oidc]`. Without an issuer there is no button."""

    model_config = ConfigDict(frozen=True)
