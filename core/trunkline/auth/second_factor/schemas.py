"""What is typed on the pages of second factors."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext

_CODE: dict[str, Any] = {
    "autocomplete": "one-time-code",
    "inputmode": "text",
    "autofocus": True,
    "spellcheck": "false",
}


class SecondStep(BaseModel):
    """The code that completes a sign-in."""

    code: str = Field(
        min_length=1,
        max_length=40,
        title=_("Code"),
        description=_("Six digits from your app, or one of your backup codes."),
        json_schema_extra={**_CODE, "autocapitalize": "none"},
    )
    remember: bool = Field(False, title=_("Remember this browser"))
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class FirstCode(BaseModel):
    """The code that shows that the app was set up."""

    code: str = Field(
        min_length=1,
        max_length=40,
        title=_("Code that the app shows"),
        json_schema_extra={**_CODE, "inputmode": "numeric", "width": "half"},
    )
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class PasskeyAnswer(BaseModel):
    """What a browser's authenticator answered, as JSON, and the token that the question came with."""

    token: str = Field(max_length=100, json_schema_extra={"widget": "hidden"})
    credential: str = Field(max_length=20_000, json_schema_extra={"widget": "hidden"})
    next: str = Field("", json_schema_extra={"widget": "hidden"})


class NewPasskey(BaseModel):
    """A passkey that an authenticator has made."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] = Field(
        title=_("Name")
    )
    token: str = Field(max_length=100, json_schema_extra={"widget": "hidden"})
    credential: str = Field(max_length=20_000, json_schema_extra={"widget": "hidden"})
