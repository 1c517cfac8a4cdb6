"""What the operator says about Google's Geocoding API."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from trunkline.i18n import gettext as _

_ACCESS, _ANSWERS, _TERMS = _("Access"), _("Answers"), _("What your contract with Google allows")


class GoogleGeocodingSettings(BaseModel):
    """Table `[plugin.geocoding_google]`. Asked only while the core setting `geocoding` names `google`."""

    model_config = ConfigDict(frozen=True)

    api_key: SecretStr = Field(
        default=SecretStr(""),
        title=_("API key"),
        description=_(
            "Of a project with billing and the Geocoding API. Restrict it to that API and to the addresses of your servers."
        ),
        json_schema_extra={"section": _ACCESS},
    )
    timeout_seconds: int = Field(
        default=8,
        ge=1,
        le=10,
        title=_("Wait for an answer"),
        json_schema_extra={"section": _ACCESS, "suffix": _("seconds")},
    )
    language: str = Field(
        default="",
        max_length=10,
        pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,4})?)?$",
        examples=["pt-BR"],
        title=_("Language of places"),
        description=_(
            "As in pt-BR. It decides how Google writes what it found; empty: the language of the place."
        ),
        json_schema_extra={"section": _ANSWERS},
    )
    region: str = Field(
        default="",
        max_length=2,
        pattern=r"^([a-z]{2})?$",
        examples=["br"],
        title=_("Prefer places in"),
        description=_(
            "A country’s two letters in internet addresses, as in br or uk. Empty: the country of the site."
        ),
        json_schema_extra={"section": _ANSWERS},
    )
    keep_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        title=_("Answers are kept for"),
        description=_(
            "Days; then places are forgotten and asked for again, which costs. Google’s general terms allow 30."
        ),
        json_schema_extra={"section": _TERMS, "suffix": _("days")},
    )
    other_maps: bool = Field(
        default=False,
        title=_("Places may be drawn on maps that are not Google’s"),
        description=_("Google’s general terms forbid it. Places pinned by hand are always drawn."),
        json_schema_extra={"section": _TERMS},
    )

    @field_validator("api_key")
    @classmethod
    def _one_word(cls, value: SecretStr) -> SecretStr:
        bare = value.get_secret_value().strip()
        if not bare.isascii() or not bare.isprintable() or " " in bare:
            raise ValueError(_("It is one word of letters, figures, - and _."))
        return SecretStr(bare)
