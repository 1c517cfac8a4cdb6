"""Hosts of their own on this machine: network namespaces, joined by cables that can be pulled and put back.

A pulled cable says nothing: no connection is reset, packets are merely gone. Only root may do this.
"""

import ctypes
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.services.programs import PROGRAMS

REMEDY = "Run the tests as root, in a container with the capabilities SYS_ADMIN and NET_ADMIN."
_PREFIX = "trunkline"
_PLACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000


class NoHosts(RuntimeError):
    """This machine, or this user, cannot have hosts of its own; the message holds the remedy."""


@dataclass(frozen=True, slots=True)
class Host:
    """A network namespace."""

    namespace: str

    @property
    def within(self) -> tuple[str, ...]:
        """What a command begins with that is to run on this host."""
        return (_program(), "netns", "exec", self.namespace)

    def listen(self) -> socket.socket:
        """A socket of this process that listens on this host, at all its addresses and a free port."""
        made: list[socket.socket] = []

        def there() -> None:
            # Of this thread alone, which ends here; the socket stays where it was made.
            with (_PLACES / self.namespace).open("rb") as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_server(("", 0)))

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        return made[0]


@dataclass(frozen=True, slots=True)
class Cable:
    """Joins two hosts."""

    one: Host
    end: str

    def pull(self) -> None:
        """Cut it without a word."""
        _ip("-n", self.one.namespace, "link", "set", self.end, "down")

    def put_back(self) -> None:
        """Have it work again."""
        _ip("-n", self.one.namespace, "link", "set", self.end, "up")


class Hosts:
    """The hosts of one test, named after this process."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._cables = 0

    def add(self, name: str) -> Host:
        """A host without cables. Raises NoHosts where this user may have none."""
        namespace = f"{_PREFIX}-{os.getpid()}-{name}"
        try:
            _ip("netns", "add", namespace)
        except NoHosts:
            raise
        except RuntimeError as error:
            raise NoHosts(f"No network namespace can be made: {error}. {REMEDY}") from error
        self._names.append(namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        return Host(namespace)

    def join(self, one: Host, its: str, other: Host, others: str) -> Cable:
        """Lay a cable: `its` is the address of `one` on it, `others` that of `other`, both in one /24."""
        self._cables += 1
        ends = (f"a{self._cables}", f"b{self._cables}")
        _ip(
            *("link", "add", ends[0], "netns", one.namespace, "type", "veth"),
            *("peer", "name", ends[1], "netns", other.namespace),
        )
        for host, end, address in ((one, ends[0], its), (other, ends[1], others)):
            _ip("-n", host.namespace, "address", "add", f"{address}/24", "dev", end)
            _ip("-n", host.namespace, "link", "set", end, "up")
        return Cable(one, ends[0])

    def remove(self) -> None:
        """End what still runs on the hosts, and remove them with their cables."""
        for name in self._names:
            _remove(name)


@contextmanager
def hosts() -> Iterator[Hosts]:
    """Hosts that are gone at the end, however it comes. Raises NoHosts where this user may have none."""
    if os.geteuid() != 0:
        raise NoHosts(f"Only root may make network namespaces. {REMEDY}")
    _sweep()
    found = Hosts()
    try:
        yield found
    finally:
        found.remove()


def _sweep() -> None:
    """Remove what a killed test run left."""
    for place in _PLACES.glob(f"{_PREFIX}-*-*"):
        pid = re.fullmatch(rf"{_PREFIX}-(\d+)-\w+", place.name)
        if pid and not Path(f"/proc/{pid[1]}").exists():
            _remove(place.name)


def _remove(name: str) -> None:
    with suppress(RuntimeError):
        for pid in _ip("netns", "pids", name).split():
            # This process has a socket there at most, and is not listed.
            with suppress(ProcessLookupError):
                os.kill(int(pid), 9)
    with suppress(RuntimeError):
        _ip("netns", "delete", name)


def _program() -> str:
    found = PROGRAMS["ip"].path()
    if found is None:
        raise NoHosts(f"The command ip is not installed. {PROGRAMS['ip'].remedy}")
    return found


def _ip(*arguments: str) -> str:
    done = subprocess.run([_program(), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
