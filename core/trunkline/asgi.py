"""The ASGI entry point: `trunkline.asgi:make` builds the application from the configuration."""

from starlette.applications import Starlette

from trunkline import models as _tables  # noqa: F401 — completes the metadata
from trunkline.app import App
from trunkline.config import Config
from trunkline.logs import configure_logging
from trunkline.web.app import make_web


def make() -> Starlette:
    """The web application of the configuration file and environment of this process."""
    config = Config.load()
    configure_logging()
    return make_web(App.start(config))
