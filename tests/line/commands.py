"""Commands as the operator types them, each a fork of one process that has loaded what they all load.

Started anew, a command takes two to three seconds of processor before it does anything, and a line has eight of them. That the
command line starts by itself is proved in `tests/core/test_command_line.py` and in the clean room.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

_loaded: "subprocess.Popen[str] | None" = None


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `trunkline …` in `folder` to its end. Returns its exit status and what it printed."""
    global _loaded
    if _loaded is None:
        _loaded = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(_end, _loaded)
    assert _loaded.stdin is not None
    assert _loaded.stdout is not None
    order = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
    _loaded.stdin.write(json.dumps(order) + "\n")
    _loaded.stdin.flush()
    status, output = json.loads(_loaded.stdout.readline())
    return status, output


def _end(loaded: "subprocess.Popen[str]") -> None:
    # Its input has ended, so it does.
    loaded.communicate()


def _load() -> None:
    """Import what commands import, plugins included."""
    from trunkline import cli, setup  # noqa: F401 — for the forks
    from trunkline.app import App
    from trunkline.config import Config
    from trunkline.imports import run  # noqa: F401 — for the forks
    from trunkline.jobs.wake import Silent

    with tempfile.TemporaryDirectory() as folder:
        App.start(Config(data=Path(folder), database=f"sqlite:///{folder}/db"), waker=Silent()).close()
    assert threading.active_count() == 1, "no thread survives a fork"


def _main() -> None:
    _load()
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if child == 0:
                _become(order["arguments"], order["folder"], order["environment"], output)
            _, status = os.waitpid(child, 0)
            output.seek(0)
            answer = [os.waitstatus_to_exitcode(status), output.read().decode()]
        print(json.dumps(answer), flush=True)


def _become(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], output: IO[bytes]
) -> NoReturn:
    """In the fork: be the command."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = ["trunkline", *arguments]
        from trunkline.cli import main

        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # what a process says of it when it dies
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _main()
