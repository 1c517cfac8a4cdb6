"""Free places on the loopback interface for servers that tests start."""

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count

#: Seconds that a server may take to start on a busy machine.
PATIENCE = 90.0


def free_port(host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of `host` that nobody listens on, and that nobody gets who asks the system for any.

    A server may start seconds later: a port of the system's own range would be another worker's, or the near end of a
    connection, by then. Each worker of pytest-xdist has ports of its own. `kind` tells TCP from datagrams.
    """
    for port in _ports:
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable")


def _own_ports() -> Iterator[int]:
    """The ports of this process, round and round from a random one; below 32768, where Linux begins to give away."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw15")
    first = 12_000 + int(worker.removeprefix("gw")) % 16 * _PORTS_EACH
    at = random.randrange(_PORTS_EACH)
    for turn in count():
        yield first + (at + turn) % _PORTS_EACH


_PORTS_EACH = 1_000
_ports = _own_ports()


def own_address(*ports: int) -> str:
    """Return an address in 127/8 where none of `ports` is taken: for servers whose port cannot be chosen.

    Raises:
        OSError: twenty addresses in a row were taken.
    """
    for attempt in range(20):
        host = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
        try:
            for port in ports:
                with socket.socket() as probe:
                    probe.bind((host, port))
        except OSError:
            if attempt == 19:
                raise
        else:
            return host
    raise AssertionError("unreachable")


def wait_until(holds: Callable[[], bool], thread: threading.Thread, seconds: float = PATIENCE) -> None:
    """Return once a server in `thread` is ready. Raises RuntimeError when it ended or is not ready in time."""
    ends = time.monotonic() + seconds
    while not holds():
        if not thread.is_alive() or time.monotonic() > ends:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
