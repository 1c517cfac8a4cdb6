"""What inviting a customer takes, and what REST shows of portal users."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from trunkline.auth.schemas import Address, Language, PersonName
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _

_ROLES = [
    ("portal_owner", _("Account owner")),
    ("portal_finance", _("Finance contact")),
    ("portal_technical", _("Technical contact")),
]
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
        description=_("Owners see everything, finance contacts invoices, technical contacts services."),
        json_schema_extra={"widget": "checkboxes", "choices": [list(pair) for pair in _ROLES]},
    )


class PortalUserOut(BaseModel):
    """A portal user as REST shows it."""

    id: int
    email: str
    name: str
    status: str
    last_sign_in_at: datetime | None
