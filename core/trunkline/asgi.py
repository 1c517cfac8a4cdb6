"""The ASGI entry point: `trunkline.asgi:make` builds the application from the configuration."""

from typing import TYPE_CHECKING

from trunkline.assembling import assembling

if TYPE_CHECKING:
    from starlette.applications import Starlette


def make() -> "Starlette":
    """The web application of the configuration file and environment of this process."""
    with assembling():
        from trunkline.config import Config
        from trunkline.logs import configure_logging
        from trunkline.setup import ready_app
        from trunkline.web.app import make_web

        configure_logging()
        return make_web(ready_app(Config.load()), rest_later=True)
