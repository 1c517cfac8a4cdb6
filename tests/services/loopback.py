"""Free places on the loopback interface for servers that tests start."""

import random
import socket
import threading
import time
from collections.abc import Callable


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port of `host` that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


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


def wait_until(holds: Callable[[], bool], thread: threading.Thread, seconds: float = 60) -> None:
    """Return once a server in `thread` is ready. Raises RuntimeError when it ended or is not ready in time."""
    ends = time.monotonic() + seconds
    while not holds():
        if not thread.is_alive() or time.monotonic() > ends:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
