"""How the identity provider is."""

from collections.abc import Sequence

from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline_oidc.discovery import Discovery
from trunkline_oidc.flow import check_client
from trunkline_oidc.provider import CALLBACK
from trunkline_oidc.settings import OidcSettings

#: In seconds: the status page waits for this.
_AT_MOST = 0.9


def reports(ctx: Context) -> Sequence[HealthReport]:
    """One line: whether its document can be had."""
    settings, name = ctx.settings(OidcSettings), str(_("Identity provider (OpenID Connect)"))
    if not settings.is_set_up:
        remedy = _("Enter issuer and client ID in the settings of the plugin OpenID Connect.")
        return [HealthReport(name, Health.WARNING, _("Nothing is set up."), remedy)]
    try:
        Discovery(ctx.app).of(settings, timeout=_AT_MOST)
    except Unavailable as error:
        remedy = _("Its people cannot sign in; those whose password is kept here can.")
        return [HealthReport(name, Health.FAILED, error.message, remedy)]
    return [HealthReport(name, Health.OK, settings.issuer)]


def connection(ctx: Context) -> str:
    """Whether the provider answers, has keys, and knows our client and its secret, in words. Raises Unavailable or Refused."""
    settings = ctx.settings(OidcSettings)
    if not settings.is_set_up:
        raise Refused(
            _("Nothing is set up."),
            remedy=_("Enter issuer and client ID in the settings of the plugin OpenID Connect."),
        )
    # Not what is kept: what it says now.
    if not Discovery(ctx.app).keys(settings).get("keys"):
        raise Refused(
            _("{issuer} answers, but has no keys to sign with.", issuer=settings.issuer),
            remedy=_("Whoever keeps the provider has to make one."),
        )
    callback = f"{ctx.app.config.public_url}{CALLBACK}"
    check_client(ctx.app, settings, callback)
    return str(
        _(
            "{issuer} answers and takes client ID and secret. Redirect address to be registered there: {address}",
            issuer=settings.issuer,
            address=callback,
        )
    )
