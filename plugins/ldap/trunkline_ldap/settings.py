"""What the operator says about the directory."""

import ssl
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from trunkline.auth.directory_settings import PEOPLE, ROLES, NewPeople, RolesByGroup
from trunkline.i18n import gettext as _
from trunkline.loopback import is_loopback

_SERVER = _("Server")


class _Directory(BaseModel):
    model_config = ConfigDict(frozen=True)

    servers: str = Field(
        default="",
        max_length=1000,
        title=_("Servers"),
        description=_(
            "One address a line, as in ldaps://dc1.example.com; the first one that answers is asked. Empty: the directory is off."
        ),
        json_schema_extra={"section": _SERVER, "widget": "textarea", "rows": 2},
    )
    start_tls: bool = Field(
        default=True,
        title=_("StartTLS for ldap:// addresses"),
        description=_(
            "Without it passwords would travel in the clear, which is accepted on this machine only."
        ),
        json_schema_extra={"section": _SERVER},
    )
    ca_certificate: str = Field(
        default="",
        max_length=20_000,
        title=_("Certificate of the authority"),
        description=_(
            "In PEM, where the servers' certificates come from an authority of your own. Empty: the system's list."
        ),
        json_schema_extra={"section": _SERVER, "widget": "textarea", "rows": 4},
    )
    bind_dn: str = Field(
        default="",
        max_length=400,
        title=_("Account that searches"),
        description=_(
            "Distinguished name, or user@domain in Active Directory. It needs to read people and groups, no more."
        ),
        json_schema_extra={"section": _SERVER},
    )
    bind_password: SecretStr = Field(
        default=SecretStr(""), title=_("Its password"), json_schema_extra={"section": _SERVER}
    )
    timeout_seconds: int = Field(
        default=5,
        ge=1,
        le=30,
        title=_("Wait for an answer"),
        json_schema_extra={"section": _SERVER, "suffix": _("seconds")},
    )
    user_base: str = Field(
        default="",
        max_length=400,
        title=_("Where people are"),
        description=_("As in ou=people,dc=example,dc=com."),
        json_schema_extra={"section": PEOPLE},
    )
    user_filter: str = Field(
        default="(&(objectClass=person)(|(uid={name})(mail={name})))",
        max_length=400,
        title=_("Who is meant"),
        description=_(
            "An LDAP filter; {name} is what was typed. Active Directory: "
            "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})(mail={name})))"
        ),
        json_schema_extra={"section": PEOPLE},
    )

    @field_validator("servers")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for line in value.split():
            try:
                parts = urlsplit(line)
                known = parts.scheme in ("ldap", "ldaps") and bool(parts.hostname) and (parts.port or 1) > 0
            except ValueError:
                known = False
            if not known:
                raise ValueError(_("{address} is not like ldaps://dc1.example.com.", address=line))
        return value

    @field_validator("ca_certificate")
    @classmethod
    def _certificate(cls, value: str) -> str:
        if value.strip():
            try:
                ssl.create_default_context(cadata=value)
            # Letters beyond ASCII, as the dashes that word processors make of five hyphens, are a TypeError.
            except (ssl.SSLError, TypeError) as error:
                raise ValueError(
                    _("It is no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----.")
                ) from error
        return value.strip()

    @field_validator("user_filter")
    @classmethod
    def _filter(cls, value: str) -> str:
        if "{name}" not in value or value.count("(") != value.count(")") or not value.startswith("("):
            raise ValueError(
                _("It must be a filter in brackets that holds {{name}}.").replace("{{name}}", "{name}")
            )
        return value

    @model_validator(mode="after")
    def _passwords_are_hidden(self) -> Self:
        for line in self.addresses:
            host = urlsplit(line).hostname or ""
            if line.startswith("ldap:") and not self.start_tls and not is_loopback(host):
                raise ValueError(
                    _("Passwords would travel in the clear to {host}: take ldaps:// or StartTLS.", host=host)
                )
        return self

    @property
    def addresses(self) -> list[str]:
        """The servers in the order in which they are asked."""
        return self.servers.split()


class _Linking(BaseModel):
    link_by_email: bool = Field(
        default=False,
        title=_("Accounts with the same address become the directory's"),
        description=_(
            "At the next sign-in by the directory; the password kept here is forgotten. Only where nobody can choose their own "
            "address in the directory."
        ),
        json_schema_extra={"section": PEOPLE},
    )


class _Groups(BaseModel):
    group_base: str = Field(
        default="",
        max_length=400,
        title=_("Where groups are"),
        description=_("As in ou=groups,dc=example,dc=com."),
        json_schema_extra={"section": ROLES},
    )
    group_nesting: Literal["walk", "active_directory", "direct"] = Field(
        default="walk",
        title=_("Groups in groups"),
        description=_(
            "walk: followed one by one; active_directory: Active Directory does so itself, faster; direct: they do not count."
        ),
        json_schema_extra={"section": ROLES},
    )


class LdapSettings(RolesByGroup, _Groups, _Linking, NewPeople, _Directory):
    """Table `[plugin.ldap]`. Without servers nobody is asked."""

    model_config = ConfigDict(frozen=True)
