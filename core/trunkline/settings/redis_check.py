"""Whether the Redis server of the configuration answers."""

from importlib import import_module
from urllib.parse import urlsplit

from trunkline.errors import Refused, Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context

_SECONDS = 5


def check(ctx: Context) -> str:
    """What Redis says, in words. Raises Refused where none is configured, Unavailable when it does not answer."""
    url = ctx.app.config.redis
    if not url:
        raise Refused(
            _("No Redis is configured; wake-ups go through the database."),
            remedy=_("Set redis in trunkline.toml to use one."),
        )
    place = f"{urlsplit(url).hostname}:{urlsplit(url).port or 6379}"
    try:
        # Only who configures Redis installs its package.
        redis = import_module("redis")
    except ImportError as error:
        raise Unavailable(
            _("The package redis is not installed."), remedy=_("Install it with pip.")
        ) from error
    try:
        with redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unavailable(
            _("Redis at {place} does not answer: {why}", place=place, why=str(error)[:200]),
            remedy=_("Check the address and the password in trunkline.toml, and the firewall between."),
        ) from error
    return str(_("Redis at {place} answers.", place=place))
