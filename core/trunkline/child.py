"""A process under `trunkline serve`: `python -m trunkline.child web` or `… worker`.

It loads the program while the supervisor still reads the configuration, then waits for the word to go on: one line of JSON on
standard input, the environment variables to take over. When there is none, because the supervisor refused to start, it ends.
A further argument is a file descriptor, which it closes when it waits.
"""

import json
import os
import sys

from trunkline.assembling import assembling
from trunkline.errors import TrunklineError


def main() -> None:
    """Run the part that the first argument names. A mistake in the configuration is printed, with exit status 2."""
    web = sys.argv[1] == "web"
    # Several web processes are started by one that serves nothing, and need not load anything itself.
    alone = os.environ.get("TRUNKLINE_WORKERS", "1") == "1"
    if alone:
        _load(web=web)
    if len(sys.argv) > 2:
        # Whoever waits for this process to be loaded learns that it is.
        os.close(int(sys.argv[2]))
    word = sys.stdin.readline()
    if not word:
        return
    os.environ.update(json.loads(word))
    try:
        _run(web=web, loaded=alone)
    except TrunklineError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        sys.exit(2)


def _load(*, web: bool) -> None:
    with assembling():
        from trunkline import config, setup  # noqa: F401 — loaded ahead

        if web:
            import uvicorn.logging
            import uvicorn.loops.auto
            import uvicorn.protocols.http.auto  # noqa: F401 — loaded ahead

            from trunkline import app  # noqa: F401 — loaded ahead
            from trunkline.web import app as web_app  # noqa: F401 — loaded ahead
        else:
            from trunkline.jobs import worker  # noqa: F401 — loaded ahead


def _run(*, web: bool, loaded: bool) -> None:
    from trunkline.config import Config

    config = Config.load()
    if web:
        from trunkline.serve import serve_web

        if loaded and config.workers > 1:
            os.execv(sys.executable, [sys.executable, "-m", "trunkline.cli", "web"])  # noqa: S606 — our own interpreter
        serve_web(config)
    else:
        from trunkline.jobs.worker import work
        from trunkline.logs import configure_logging

        configure_logging()
        work(config, with_parent=True)


if __name__ == "__main__":
    main()
