"""OpenID Connect: people sign in at an identity provider, whose claims say what they may do here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trunkline.i18n import gettext as _
from trunkline.plugin import ConnectionCheck, HealthReport, Plugin, hookimpl
from trunkline_oidc.settings import OidcSettings

if TYPE_CHECKING:
    from trunkline.operation import Context
    from trunkline.web.pages import Pages

plugin = Plugin(
    name="oidc",
    label=_("Identity provider (OpenID Connect)"),
    summary=_("People sign in at an identity provider that speaks OpenID Connect."),
    settings=OidcSettings,
)


@hookimpl
def sign_in_providers() -> Sequence[Any]:
    from trunkline_oidc.provider import OidcProvider

    return [OidcProvider()]


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_oidc.pages import PAGES

    return [PAGES]


@hookimpl
def health_checks(ctx: "Context") -> Sequence[HealthReport]:
    from trunkline_oidc.health import reports

    return reports(ctx)


@hookimpl
def connection_checks() -> Sequence[ConnectionCheck]:
    from trunkline_oidc.health import connection

    return [ConnectionCheck("provider", _("Identity provider"), connection)]
