"""Whether Google answers, in words."""

from collections.abc import Sequence

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline.settings.core import CoreSettings
from trunkline_geocoding_google.provider import NAME, GoogleGeocoding
from trunkline_geocoding_google.settings import GoogleGeocodingSettings


def connection(ctx: Context) -> str:
    """What Google says to one address, which costs one question. Raises Unavailable or Refused."""
    found = GoogleGeocoding(ctx.app.config, ctx.settings(GoogleGeocodingSettings)).locate(
        "Praça da Sé, São Paulo", "BR"
    )
    if found is None:
        return str(_("Google takes the key, and knows no Praça da Sé in São Paulo."))
    if ctx.settings(CoreSettings).geocoding != NAME:
        return str(
            _(
                "Google takes the key: {label}. It is not asked yet: choose it in the settings of the system, under Maps.",
                label=found.label,
            )
        )
    return str(_("Google takes the key: {label}", label=found.label))


def reports(ctx: Context) -> Sequence[HealthReport]:
    """One line where Google is chosen and cannot be asked; asking would cost money each time."""
    chosen = ctx.settings(CoreSettings).geocoding == NAME
    if not chosen or ctx.settings(GoogleGeocodingSettings).api_key.get_secret_value():
        return []
    return [
        HealthReport(
            str(_("Geocoding by Google")),
            Health.WARNING,
            str(_("There is no API key for Google.")),
            str(_("Addresses wait. Enter the key in the settings, under Geocoding by Google.")),
        )
    ]
