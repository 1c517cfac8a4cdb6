"""Countries, zones, languages, links and plain texts as they are typed."""

from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict, JsonValue

from trunkline.countries import country_codes
from trunkline.i18n import LANGUAGES
from trunkline.i18n import gettext as _
from trunkline.one_line import one_line


def _country(value: str) -> str:
    value = value.upper()
    if value and value not in country_codes():
        raise ValueError(_("“{value}” is no ISO 3166 country code.", value=value))
    return value


@cache
def _known_zones() -> frozenset[str]:
    # Reading the list walks the whole zone folder: 15 ms.
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value and value not in _known_zones():
        raise ValueError(_("“{value}” is no IANA time zone, such as America/Sao_Paulo.", value=value))
    return value


def _link(value: str) -> str:
    if value and (not value.startswith(("https://", "http://", "/")) or value.startswith("//")):
        raise ValueError(_("A link begins with https://, http:// or /."))
    return value


def _language(value: str) -> str:
    value = value.replace("-", "_")
    if value and value not in LANGUAGES:
        raise ValueError(_("The languages are {known}.", known=", ".join(LANGUAGES)))
    return value


def text(most: int) -> Any:
    """A string of at most so many characters, without blanks at its ends."""
    return StringConstraints(strip_whitespace=True, max_length=most)


Name = Annotated[
    str, BeforeValidator(one_line), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)
]
Short = Annotated[str, text(120)]
CountryCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "pattern": "^([A-Z]{2})?$", "examples": ["BR"]}),
]
TimeZone = Annotated[str, text(60), AfterValidator(_zone)]
Language = Annotated[str, text(10), AfterValidator(_language)]
Link = Annotated[str, text(500), AfterValidator(_link)]
Website = Annotated[str, text(300), AfterValidator(_link)]

_LANGUAGES: list[JsonValue] = [[code, name] for code, name in LANGUAGES.items()]
LANGUAGE_CHOICES: JsonDict = {"choices": _LANGUAGES, "blank": _("As the operator’s")}
