"""What people type who sign in by a code."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from trunkline.auth.schemas import Language, PersonName
from trunkline.i18n import LANGUAGES, gettext

_ = gettext

_LANGUAGE: dict[str, Any] = {"widget": "select", "choices": list(LANGUAGES.items())}

Digits = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{4}$")]


class AskForCode(BaseModel):
    """Whose phone gets the code: tax id and the phone's last digits. `next` is the page that was asked for."""

    tax_id: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=4,
        max_length=40,
        title=_("Tax id"),
        description=_("As on your invoice, with or without points and dashes."),
        json_schema_extra={"autofocus": True, "autocomplete": "off"},
    )
    digits: Digits = Field(
        title=_("Last 4 digits of your phone"),
        json_schema_extra={"inputmode": "numeric", "autocomplete": "off"},
    )
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class EnterCode(BaseModel):
    """The code from the text message."""

    code: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1,
        max_length=20,
        title=_("Code"),
        json_schema_extra={"autofocus": True, "inputmode": "numeric", "autocomplete": "one-time-code"},
    )
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class AddByPhone(BaseModel):
    """Somebody of a customer who has no e-mail address and signs in by codes to a phone."""

    name: PersonName = Field(title=_("Name"))
    phone: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1,
        max_length=40,
        title=_("Phone"),
        description=_("A code goes there now; the person reads it out to you."),
        json_schema_extra={"widget": "tel"},
    )
    language: Language = Field("en", title=_("Language"), json_schema_extra=_LANGUAGE)
    roles: list[str] = Field(
        min_length=1, title=_("Roles"), json_schema_extra={"widget": "checkboxes", "width": "wide"}
    )


class VerifyPhone(BaseModel):
    """The code that the person reads out."""

    code: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1,
        max_length=20,
        title=_("Code"),
        json_schema_extra={"autofocus": True, "inputmode": "numeric", "autocomplete": "off"},
    )


class ChangePhone(BaseModel):
    """The phone that codes go to from now on, once its owner has shown that it is theirs."""

    phone: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1,
        max_length=40,
        title=_("New phone"),
        description=_("A code goes there. Until you type it in, codes go to the phone that you have now."),
        json_schema_extra={"widget": "tel", "autofocus": True},
    )
