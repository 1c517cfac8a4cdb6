"""The OpenAPI document: made once, kept packed.

Making it builds a schema of everything that any route takes or gives, 30 MB that a process never gives back. A server has a
short-lived process of its own write it: `python -m trunkline.rest.document`.
"""

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from trunkline.web.compression import takes_gzip

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
#: Seconds after which the process that writes it is given up. It takes five on a small machine.
_PATIENCE = 120
_SMALLEST = 9


def written(app: "App") -> bytes:
    """The document of everything that is declared, as JSON in UTF-8."""
    from trunkline.rest.app import routes_of
    from trunkline.rest.describing import describe

    routes = app.part(routes_of)
    document = describe(app, routes.every(), routes.tables())
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class Document:
    """The document as it is served. With `apart` another process writes it, from the same configuration."""

    def __init__(self, app: "App", *, apart: bool) -> None:
        self._app = app
        self._apart = apart
        self._making = threading.Lock()
        self._packed = b""

    def read(self) -> dict[str, Any]:
        """The document itself, for whoever needs it a moment only: it takes 10 MB."""
        document: dict[str, Any] = json.loads(gzip.decompress(self._made()))
        return document

    def answer(self, request: Request) -> Response:
        """It as the answer to a request. Takes seconds the first time."""
        packed = self._made()
        headers = {"Vary": "Accept-Encoding"}
        if takes_gzip(request.headers):
            headers["Content-Encoding"] = "gzip"
            return Response(packed, headers=headers, media_type="application/json")
        return Response(gzip.decompress(packed), headers=headers, media_type="application/json")

    def _made(self) -> bytes:
        with self._making:
            if not self._packed:
                whole = (_written_apart(self._app) if self._apart else b"") or written(self._app)
                self._packed = gzip.compress(whole, _SMALLEST, mtime=0)
            return self._packed


def _written_apart(app: "App") -> bytes:
    """What another process writes; nothing when it fails, which the log tells."""
    from trunkline.serve import environment_of

    command = [sys.executable, "-m", __name__]
    environment = {**os.environ, **environment_of(app.config, None)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or b""
        log.warning("no other process could write the OpenAPI document: %s %s", error, told.decode()[-2000:])
        return b""
    return done.stdout


def _main() -> None:
    """Write the document of the configured installation to standard output."""
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.app import App
    from trunkline.config import Config

    sys.stdout.buffer.write(written(App.start(Config.load())))


if __name__ == "__main__":
    _main()
