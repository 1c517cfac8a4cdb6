"""Telling the web processes of this machine that a job's log has grown, so that an open page need not wait for their next look.

A bell is a socket in the data folder, there while a process has pages that listen. Nothing depends on one being heard: the
reader looks by itself a few times a second, as it must where the worker has a data folder of its own.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

FOLDER = "bells"
#: Enough for any key.
_LONGEST = 64


class Bell:
    """One process's bell; `rung` is called in the event loop with the key of each job that was told of.

    All methods must be called in that loop.
    """

    def __init__(self, loop: "AbstractEventLoop", data: Path, rung: Callable[[int], None]) -> None:
        self._loop = loop
        self._folder = data / FOLDER
        self._name = secrets.token_hex(8)
        self._rung = rung
        self._socket: socket.socket | None = None

    def hang_up(self) -> None:
        """Begin to hear; a folder in which no socket can be made leaves it silent."""
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with _near(self._folder) as folder:
                heard.bind(f"{folder}/{self._name}")
        except OSError:
            heard.close()
            return
        self._socket = heard
        self._loop.add_reader(heard, self._hear, heard)

    def take_down(self) -> None:
        """Hear no more."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            (self._folder / self._name).unlink(missing_ok=True)

    def _hear(self, heard: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                told = heard.recv(_LONGEST)
                if told.isdigit():
                    self._rung(int(told))


def ring(data: Path, job_id: int) -> None:
    """Tell every bell of the job. One that is too busy to take it is left alone, one whose process was killed is taken away."""
    with suppress(OSError), _near(data / FOLDER) as folder:
        names = os.listdir(folder)
        if not names:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ringing:
            for name in names:
                try:
                    ringing.sendto(b"%d" % job_id, f"{folder}/{name}")
                except ConnectionRefusedError:
                    os.unlink(f"{folder}/{name}")
                except OSError:
                    continue


def is_heard(data: Path) -> bool:
    """Whether a process of this machine has pages that listen."""
    with suppress(OSError):
        return bool(os.listdir(data / FOLDER))
    return False


@contextmanager
def _near(folder: Path) -> Iterator[str]:
    """The folder by a short path: the address of a socket holds a hundred characters. Raises OSError when it is not there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
