"""The ASGI entry point: `trunkline.asgi:make` builds the application from the configuration."""

import sys
from typing import TYPE_CHECKING

from trunkline.assembling import assembling

if TYPE_CHECKING:
    from starlette.applications import Starlette

#: Seconds after which a thread that computes lets another one go on. A page asks the database many times and waits for its turn
#: after each; at Python's own 5 ms a few sign-ins at once made a page ten times as long.
_TURN = 0.0005


def make() -> "Starlette":
    """The web application of the configuration file and environment of this process."""
    with assembling():
        from trunkline.config import Config
        from trunkline.logs import configure_logging
        from trunkline.setup import ready_app
        from trunkline.web.app import make_web

        configure_logging()
        sys.setswitchinterval(_TURN)
        app = ready_app(Config.load())
        app.faults.begin("web")
        return make_web(app, rest_later=True, document_apart=True)
