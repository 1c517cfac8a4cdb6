"""What inviting a customer takes, and what REST shows of portal users."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from trunkline.auth.code_sign_in.schemas import AddByPhone
from trunkline.auth.schemas import Address, Language, PersonName
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _

_ROLES = [
    ("portal_owner", _("Account owner")),
    ("portal_finance", _("Finance contact")),
    ("portal_technical", _("Technical contact")),
]
ROLE_NAMES = frozenset(name for name, _label in _ROLES)
_LANGUAGE: dict[str, Any] = {"widget": "select", "choices": list(LANGUAGES.items())}


class InviteToPortal(BaseModel):
    """Somebody of a customer who gets a mail with a link to set a password."""

    email: Address = Field(
        title=_("E-mail"), description=_("The invitation goes there; it is also the sign-in.")
    )
    name: PersonName = Field(title=_("Name"))
    language: Language = Field(default="en", title=_("Language"), json_schema_extra=_LANGUAGE)
    roles: list[str] = Field(
        default=["portal_owner"],
        min_length=1,
        title=_("May see"),
        description=_(
            "Owners see everything, finance contacts invoices and contracts, technical contacts services."
        ),
        json_schema_extra={"widget": "checkboxes", "choices": [list(pair) for pair in _ROLES]},
    )


class InviteByStaff(InviteToPortal):
    """As staff fill it in, who may add people without e-mail, too."""

    email: Address = Field(
        title=_("E-mail"),
        description=_("The invitation goes there. For a person without one choose “Without e-mail” instead."),
    )


_MAY_SEE: dict[str, Any] = {"widget": "checkboxes", "choices": [list(pair) for pair in _ROLES]}
_MAY_SEE_HINT = _(
    "Owners see everything, finance contacts invoices and contracts, technical contacts services."
)


def may_see_field() -> Any:
    """The field that asks what somebody may see."""
    return Field(
        default=["portal_owner"],
        min_length=1,
        title=_("May see"),
        description=_MAY_SEE_HINT,
        json_schema_extra=_MAY_SEE,
    )


class AddWithoutEmail(AddByPhone):
    """Somebody of a customer who signs in by tax id and a code to their phone."""

    roles: list[str] = may_see_field()


class EditPerson(BaseModel):
    """What an account owner says about somebody else of the same customer."""

    roles: list[str] = Field(
        min_length=1, title=_("May see"), description=_MAY_SEE_HINT, json_schema_extra=_MAY_SEE
    )
    version: int | None = Field(None, json_schema_extra={"widget": "hidden"})


class PortalUserOut(BaseModel):
    """A portal user as REST shows it."""

    id: int
    email: str
    name: str
    phone: str = ""
    status: str
    last_sign_in_at: datetime | None
