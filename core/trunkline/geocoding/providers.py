"""Who can say where an address lies: providers of plugins, and any server that speaks Nominatim's language."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.outbound import check_url, send
from trunkline.plugin import SettingChoices
from trunkline.providers import AnswerTerms, GeocodingProvider, Place, TermedGeocodingProvider
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.config import Config

NOMINATIM = "nominatim"
_SECONDS = 10.0
_HTTP_ERROR = 400
#: Nominatim's rank of places that are a house or lie in one; what is larger has a smaller one.
_HOUSE = 28


class Nominatim:
    """A server that speaks Nominatim's search API, such as OpenStreetMap's own or one in the house.

    geopy writes the question and reads the answer; the call itself goes through `trunkline.outbound`.
    """

    name: str = NOMINATIM

    def __init__(self, config: "Config", url: str) -> None:
        self._config, self._url = config, url.rstrip("/")

    def locate(self, address: str, country: str) -> Place | None:
        """Where the address is, None when the server knows none. Raises Unavailable to be asked again, Refused for good."""
        from geopy.exc import GeocoderServiceError, GeopyError
        from geopy.geocoders import Nominatim as Speaker

        scheme, _sep, domain = self._url.partition("://")
        speaker = Speaker(
            domain=domain,
            scheme=scheme,
            user_agent="Trunkline (telecom business software)",
            timeout=_SECONDS,
            adapter_factory=_guarded(self._config),
        )
        try:
            found = speaker.geocode(address, country_codes=country.lower() or None, exactly_one=True)
        except GeocoderServiceError as error:
            raise Unavailable(_("The geocoding service does not answer: {why}", why=error)) from error
        except GeopyError as error:
            raise Refused(_("The geocoding service refused the address: {why}", why=error)) from error
        if found is None:
            return None
        rough = int(found.raw.get("place_rank", _HOUSE)) < _HOUSE
        return Place(float(found.latitude), float(found.longitude), str(found.address)[:300], rough)


def _guarded(config: "Config") -> Any:
    """geopy's way into the network, through our checks. Made here, so that starting does not load geopy."""
    from geopy.adapters import AdapterHTTPError, BaseSyncAdapter

    class Guarded(BaseSyncAdapter):  # type: ignore[misc]  # geopy has no types
        def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
            import json

            from geopy.exc import GeocoderParseError

            try:
                return json.loads(self.get_text(url, timeout=timeout, headers=headers))
            except ValueError as error:
                raise GeocoderParseError("the answer is no JSON") from error

        def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
            answer = send(config, "GET", url, headers=dict(headers), seconds=timeout, field="geocoding_url")
            text = answer.body.decode("utf-8", "replace")
            if answer.status >= _HTTP_ERROR:
                raise AdapterHTTPError(
                    f"HTTP {answer.status}", status_code=answer.status, headers=answer.headers, text=text
                )
            return text

    def make(*, proxies: Any, ssl_context: Any) -> Guarded:
        # Where calls may go, and how, is the operator's configuration, not the environment's.
        return Guarded(proxies=None, ssl_context=None)

    return make


def choices(ctx: Context) -> SettingChoices:
    """What `geocoding` may be; none means that addresses do not leave the house."""
    offered = [(item.name, label_of(item)) for item in _offered(ctx)]
    return SettingChoices("geocoding", [("", str(_("Nobody"))), (NOMINATIM, "Nominatim"), *offered])


def _offered(ctx: Context) -> list[GeocodingProvider]:
    gathered = ctx.app.hooks.gather("geocoding_providers", session=ctx.session, ctx=ctx)
    return [item for _plugin, item in gathered if isinstance(item, GeocodingProvider)]


def label_of(provider: GeocodingProvider) -> str:
    """What people read of a provider."""
    return provider.label if isinstance(provider, TermedGeocodingProvider) else provider.name


def terms_of(provider: GeocodingProvider) -> AnswerTerms:
    """What a provider demands of those who use its answers."""
    return provider.terms if isinstance(provider, TermedGeocodingProvider) else AnswerTerms()


def known_terms(ctx: Context) -> dict[str, AnswerTerms]:
    """The terms by provider, of all whose plugin is enabled and of Nominatim, whichever was chosen."""
    return {NOMINATIM: AnswerTerms(), **{item.name: terms_of(item) for item in _offered(ctx)}}


def provider_of(ctx: Context) -> GeocodingProvider | None:
    """The provider that the operator chose; None where addresses do not leave the house."""
    settings = ctx.settings(CoreSettings)
    if settings.geocoding == NOMINATIM and settings.geocoding_url:
        return Nominatim(ctx.app.config, settings.geocoding_url)
    return next((item for item in _offered(ctx) if item.name == settings.geocoding), None)


def check(ctx: Context) -> str:
    """Ask the chosen provider for one address. Raises Unavailable or Refused, with what to do."""
    settings, provider = ctx.settings(CoreSettings), provider_of(ctx)
    if provider is None:
        if settings.geocoding:
            raise Refused(
                _("There is no provider “{name}”.", name=settings.geocoding),
                field="geocoding",
                remedy=_("Give the address of the server, or enable the plugin that brings it."),
            )
        return str(_("Addresses are not looked up: no provider is chosen."))
    if provider.name == NOMINATIM:
        check_url(ctx.app.config, settings.geocoding_url, field="geocoding_url")
    found = provider.locate("Praça da Sé, São Paulo", "BR")
    if found is None:
        return str(_("The service answers, and knows no Praça da Sé in São Paulo."))
    return str(_("The service answers: {label}", label=found.label))
