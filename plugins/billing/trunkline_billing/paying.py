"""The ways to take money, and to give it back, that enabled plugins offer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.providers import PaymentProvider, RefundingProvider

_OWN = "billing"


@dataclass(frozen=True)
class Way:
    """One way to take money and the plugin that offers it."""

    plugin: str
    name: str
    label: str
    self_service: bool
    provider: PaymentProvider


def ways_to_pay(ctx: Context, *, self_service: bool = False) -> dict[str, Way]:
    """Every way that an enabled plugin offers, by name, the cash desk first; those that customers may choose only on request.

    A way that cannot say what it is, or whose name is taken, is recorded as its plugin's failure and left out.
    """
    found = sorted(
        ctx.app.hooks.gather("payment_providers", session=ctx.session), key=lambda one: one[0] != _OWN
    )
    ways: dict[str, Way] = {}
    for plugin, provider in found:
        try:
            if not isinstance(provider, PaymentProvider):
                raise TypeError(f"{type(provider).__name__} returned where PaymentProvider is wanted")
            way = Way(plugin, str(provider.name), str(provider.label), bool(provider.self_service), provider)
            if way.name in ways:
                raise ValueError(f"the way to pay “{way.name}” is offered by {ways[way.name].plugin} already")
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, "hook payment_providers", error)
            continue
        ways[way.name] = way
    return {name: way for name, way in ways.items() if way.self_service or not self_service}


@dataclass(frozen=True)
class WayBack:
    """One way to give money back and the plugin that offers it."""

    plugin: str
    name: str
    label: str
    provider: RefundingProvider


def way_back(ctx: Context, provider: str) -> WayBack | None:
    """The provider of this name as a way to give money back; None when it is not there or cannot."""
    way = ways_to_pay(ctx).get(provider)
    if way is None or not isinstance(way.provider, RefundingProvider):
        return None
    return WayBack(way.plugin, way.name, way.label, way.provider)


@contextmanager
def asking(ctx: Context, way: Way | WayBack, *, field: str, doing: str, failed: str) -> Iterator[None]:
    """Around a call of a way's provider: what it refuses names `field` unless it names one itself.

    Anything else that it raises is recorded as its plugin's failure while `doing`, and becomes Refused with the words `failed`.
    """
    try:
        yield
    except TrunklineError as error:
        error.field = error.field or field
        raise
    except Exception as error:  # a plugin's code may raise anything
        ctx.app.hooks.failed(way.plugin, f"{doing} {way.name}", error)
        raise Refused(
            failed,
            field=field,
            remedy=_("Choose another way, and ask an administrator to look at the plugin’s status page."),
        ) from error
