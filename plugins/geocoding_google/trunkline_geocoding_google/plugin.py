"""Google geocoding: one of the providers that the setting *Addresses are looked up by* may name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trunkline.i18n import gettext as _
from trunkline.plugin import ConnectionCheck, HealthReport, Plugin, hookimpl
from trunkline_geocoding_google.settings import GoogleGeocodingSettings

if TYPE_CHECKING:
    from trunkline.operation import Context

plugin = Plugin(
    name="geocoding_google",
    label=_("Geocoding by Google"),
    summary=_("Addresses of sites are looked up by Google's Geocoding API."),
    settings=GoogleGeocodingSettings,
)


@hookimpl
def geocoding_providers(ctx: "Context") -> Sequence[Any]:
    from trunkline_geocoding_google.provider import GoogleGeocoding

    return [GoogleGeocoding(ctx.app.config, ctx.settings(GoogleGeocodingSettings))]


@hookimpl
def connection_checks() -> Sequence[ConnectionCheck]:
    from trunkline_geocoding_google.checking import connection

    return [ConnectionCheck("geocoding", _("Google Geocoding API"), connection)]


@hookimpl
def health_checks(ctx: "Context") -> Sequence[HealthReport]:
    from trunkline_geocoding_google.checking import reports

    return reports(ctx)
