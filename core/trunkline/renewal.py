"""How a process asks the supervisor that runs it to start all of them again: by a file of the data folder with its process id."""

import os
from pathlib import Path

_FILE = "serve.pid"


def watched(data: Path) -> bool:
    """Whether `trunkline serve` runs on this data folder."""
    try:
        os.kill(int((data / _FILE).read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def ask(data: Path) -> None:
    """Have the processes started again, soon."""
    os.utime(data / _FILE)


class Watch:
    """The supervisor's side of it, until `end`."""

    def __init__(self, data: Path) -> None:
        self._file = data / _FILE
        data.mkdir(parents=True, exist_ok=True)
        self._file.write_text(f"{os.getpid()}\n")
        self._seen = self._file.stat().st_mtime_ns

    def asked(self) -> bool:
        """Whether somebody asked since the last time."""
        try:
            now = self._file.stat().st_mtime_ns
        except OSError:
            return False
        before, self._seen = self._seen, now
        return now != before

    def end(self) -> None:
        """Nobody watches any more."""
        self._file.unlink(missing_ok=True)
