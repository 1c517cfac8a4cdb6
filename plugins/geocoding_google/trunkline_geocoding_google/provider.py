"""The question to Google's Geocoding API and what its answers mean.

Google takes the key in the address of the call. So nothing here writes that address anywhere, and what Google says in words is
passed on without it.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from trunkline.errors import Refused, TrunklineError, Unavailable
from trunkline.i18n import gettext as _
from trunkline.outbound import send
from trunkline.providers import AnswerTerms, Place

if TYPE_CHECKING:
    from trunkline.config import Config
    from trunkline_geocoding_google.settings import GoogleGeocodingSettings

NAME = "google"
#: No setting: who may change one could have the key, which nobody may read, sent to a server of their own.
SERVER = "https://maps.googleapis.com"
_PATH = "/maps/api/geocode/json"
#: Google wants exactly these words, in no translation.
_ATTRIBUTION = "Google Maps"
_SERVER_ERROR = 500


class _Location(BaseModel):
    lat: float
    lng: float


class _Geometry(BaseModel):
    location: _Location
    location_type: Literal["ROOFTOP", "RANGE_INTERPOLATED", "GEOMETRIC_CENTER", "APPROXIMATE"] | str = ""


class _Result(BaseModel):
    geometry: _Geometry
    formatted_address: str = ""
    partial_match: bool = False


class _Answer(BaseModel):
    status: str
    results: list[_Result] = []
    error_message: str = ""


class GoogleGeocoding:
    """`trunkline.providers.TermedGeocodingProvider` of Google."""

    name: str = NAME
    label: str = "Google"

    def __init__(self, config: "Config", settings: "GoogleGeocodingSettings") -> None:
        self._config, self._settings = config, settings
        self.terms = AnswerTerms(_ATTRIBUTION, timedelta(days=settings.keep_days), settings.other_maps)

    def locate(self, address: str, country: str) -> Place | None:
        """Where the address is, None when Google knows none.

        Raises Unavailable when Google is away, or takes no questions because of the key or its quota: all addresses wait then, as
        each would end alike. Raises Refused for an address that Google cannot read.
        """
        key = self._settings.api_key.get_secret_value()
        if not key:
            raise Unavailable(
                _("There is no API key for Google."),
                field="api_key",
                remedy=_("Enter it in the settings, under Geocoding by Google."),
            )
        answer = self._ask(address, country, key)
        if answer.status == "OK" and answer.results:
            return _place(answer.results[0])
        if answer.status in ("OK", "ZERO_RESULTS"):
            return None
        raise _refusal(answer.status, answer.error_message.replace(key, "…")[:300])

    def _ask(self, address: str, country: str, key: str) -> _Answer:
        region = self._settings.region or country.lower().replace("gb", "uk")
        asked = {
            "address": address,
            "components": f"country:{country.upper()}" if country else "",
            "region": region,
            "language": self._settings.language,
            "key": key,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        answer = send(self._config, "GET", f"{SERVER}{_PATH}?{query}", seconds=self._settings.timeout_seconds)
        if answer.status >= _SERVER_ERROR:
            raise _away(f"HTTP {answer.status}")
        try:
            return _Answer.model_validate_json(answer.body)
        except ValidationError:
            # What was not understood stays out of the message: a proxy's page may quote the address of the call.
            raise _away(f"HTTP {answer.status}") from None


def _place(found: _Result) -> Place:
    at = found.geometry.location
    house = found.geometry.location_type in ("ROOFTOP", "RANGE_INTERPOLATED")
    return Place(at.lat, at.lng, found.formatted_address[:300], rough=found.partial_match or not house)


def _away(why: str) -> Unavailable:
    return Unavailable(
        _("Google does not answer as it should: {why}", why=why),
        remedy=_(
            "It is asked again by itself. See whether the network lets calls to maps.googleapis.com out."
        ),
    )


def _refusal(status: str, said: str) -> TrunklineError:
    """Google's refusal in words, with its own reason where it gives one."""
    why = said or status
    if status == "OVER_QUERY_LIMIT":
        return Unavailable(
            _("Google takes no more questions for now: {why}", why=why),
            remedy=_(
                "Raise the quota of the project at Google, or let fewer addresses be asked for a minute."
            ),
        )
    if status == "OVER_DAILY_LIMIT":
        return Unavailable(
            _("Google takes no more questions with this key: {why}", why=why),
            remedy=_("See the key, the billing and the daily limit of the project at Google."),
        )
    if status == "REQUEST_DENIED":
        return Unavailable(
            _("Google refuses the API key: {why}", why=why),
            field="api_key",
            remedy=_(
                "Check the key, what it is restricted to, and that the Geocoding API is on in its project."
            ),
        )
    if status == "INVALID_REQUEST":
        return Refused(
            _("Google cannot read this address: {why}", why=why), remedy=_("Check it, or pin the site.")
        )
    return _away(why)
