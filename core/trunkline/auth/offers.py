"""What plugins add to the sign-in page: directories behind its form, and buttons that lead to an identity provider."""

from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import RedirectingProvider, SignInOffer, SignInProvider

if TYPE_CHECKING:
    from trunkline.app import App


def takes_names(app: "App") -> bool:
    """Whether the form also takes names that are no e-mail addresses: a directory may know people by them."""
    return any(
        isinstance(provider, SignInProvider) for _plugin, provider in app.hooks.gather("sign_in_providers")
    )


def keeper_of(app: "App", origin: str) -> str:
    """Which directory keeps an account of this origin, in words; empty for one that is kept here."""
    label = next((plugin.label for plugin in app.plugins if plugin.name == origin), origin)
    return str(_(label)) if origin else ""


def redirecting(ctx: Context) -> list[tuple[str, SignInOffer]]:
    """The buttons, beside the name of their provider. A provider that fails has none, and its fault is recorded."""
    found = []
    for plugin, provider in ctx.app.hooks.gather("sign_in_providers"):
        if not isinstance(provider, RedirectingProvider):
            continue
        try:
            offer = provider.offer(ctx)
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, f"sign-in provider {provider.name}", error)
            continue
        if offer is not None:
            found.append((provider.name, offer))
    return found


def farewell_of(ctx: Context, method: str) -> str:
    """The page after signing out for a session of this method; empty for the sign-in page."""
    way = method.partition(" + ")[0]
    return next((offer.farewell for name, offer in redirecting(ctx) if name == way), "")
