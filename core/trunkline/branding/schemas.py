"""What comes in and goes out about brands."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from trunkline.branding.models import Radius, Typeface
from trunkline.i18n import LANGUAGES, gettext
from trunkline.mail.message import check_sender

_ = gettext
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LOOKS, _PORTAL, _MAIL = _("Looks"), _("Portal and sign-in"), _("Mail")
_AS_THEME = _("As the theme")


def _offered() -> list[JsonValue]:
    return [[code, name] for code, name in LANGUAGES.items()]


_LANGUAGES: list[JsonValue] = [["", _("As configured")], *_offered()]
_PICTURE = ".png,.jpg,.jpeg,.webp"


def _host(text: str) -> str:
    name = text.strip().lower()
    if name and not _HOST.fullmatch(name):
        raise ValueError(_("Write the name alone, as in selfcare.example.com, without https:// and path."))
    return name


def _colour(text: str) -> str:
    colour = text.strip().lower()
    if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValueError(_("Write a colour as in #0f6b4f."))
    return colour


def _sender(text: str) -> str:
    return check_sender(text) if text.strip() else ""


def _text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, max_length=longest)


class BrandFields(BaseModel):
    """A brand as it is edited. What stays empty comes from the theme."""

    name: Annotated[str, _text(80), Field(min_length=1)] = Field(title=_("Name"))
    reseller: str = Field(
        default="",
        title=_("Reseller"),
        description=_("Whose customers hear from this brand. None: the operator's own."),
        json_schema_extra={"widget": "select", "width": "half"},
    )
    host: Annotated[str, AfterValidator(_host)] = Field(
        default="",
        title=_("Host name"),
        description=_("Pages opened under this name show the brand."),
        json_schema_extra={"placeholder": "selfcare.example.com", "width": "half"},
    )
    theme: str = Field(
        default="trunkline",
        title=_("Theme"),
        json_schema_extra={"widget": "select", "section": _LOOKS, "width": "half"},
    )
    colour: Annotated[str, AfterValidator(_colour)] = Field(
        default="",
        title=_("Brand colour"),
        description=_("Texts and edges are derived from it so that they stay readable. Empty: the theme's."),
        json_schema_extra={"section": _LOOKS, "width": "half", "placeholder": "#0f6b4f"},
    )
    radius: Radius | None = Field(
        default=None,
        title=_("Corners"),
        json_schema_extra={
            "choices": [["", _AS_THEME], ["sharp", _("Sharp")], ["soft", _("Soft")], ["round", _("Round")]],
            "section": _LOOKS,
            "width": "half",
        },
    )
    typeface: Typeface | None = Field(
        default=None,
        title=_("Letters"),
        json_schema_extra={
            "choices": [
                ["", _AS_THEME],
                ["inter", "Inter"],
                ["system", _("The device's own")],
                ["serif", _("With serifs")],
            ],
            "section": _LOOKS,
            "width": "half",
        },
    )
    greeting: Annotated[str, _text(200)] = Field(
        default="",
        title=_("Greeting"),
        description=_("Stands above the sign-in form."),
        json_schema_extra={"section": _PORTAL},
    )
    support: Annotated[str, _text(200)] = Field(
        default="",
        title=_("How customers reach you"),
        description=_("A phone number, hours, an address: shown at the foot of sign-in and portal."),
        json_schema_extra={"section": _PORTAL},
    )
    language: str = Field(
        default="",
        title=_("Language of strangers"),
        description=_("For who has not chosen one and whose browser asks for none of ours."),
        json_schema_extra={
            "choices": _LANGUAGES,
            "section": _PORTAL,
        },
    )
    mail_sender: Annotated[str, _text(200), AfterValidator(_sender)] = Field(
        default="",
        title=_("Mail comes from"),
        description=_(
            "As in Araucária Net <hello@araucaria.example>. Empty: the configured address, under the name of a reseller's brand."
        ),
        json_schema_extra={"section": _MAIL},
    )
    mail_footer: Annotated[str, _text(1000)] = Field(
        default="",
        title=_("Foot of every mail"),
        json_schema_extra={"widget": "textarea", "rows": 3, "section": _MAIL},
    )


class EditBrand(BrandFields):
    """What may change about a brand."""

    version: int | None = None


class BrandPicture(BaseModel):
    """The form that sets a picture."""

    file: Any = Field(
        title=_("Picture"),
        description=_("PNG, JPEG, WebP or GIF, at most 1 MB."),
        json_schema_extra={"widget": "file", "accept": _PICTURE},
    )


class BrandOut(BaseModel):
    """A brand as REST shows it, with the keys of its own pictures; where it has none, the theme's is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    host: str | None
    reseller: str | None
    theme: str
    colour: str
    radius: str
    typeface: str
    greeting: str
    support: str
    language: str
    mail_sender: str
    mail_footer: str
    logo_id: int | None
    favicon_id: int | None
    picture_id: int | None
    version: int
