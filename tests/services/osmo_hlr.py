"""A real home location register (Osmocom's) on a loopback address of its own."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.loopback import PATIENCE, own_address
from tests.services.programs import PROGRAMS

#: GSUP's port cannot be configured, so the address is what differs between two HLRs of one machine.
GSUP_PORT, VTY_PORT, CTRL_PORT = 4222, 4258, 4259

CONFIGURATION = """\
log stderr
 logging level set-all notice
line vty
 bind {host} {vty_port}
ctrl
 bind {host}
hlr
 gsup
  bind ip {host}
"""


@dataclass(frozen=True, slots=True)
class OsmoHlr:
    """A running HLR: its VTY speaks the documented text commands, its control interface GET and SET."""

    host: str
    vty_port: int
    ctrl_port: int
    #: SQLite file with the subscribers, for reading behind the HLR's back.
    database: Path
    pid: int


@contextmanager
def osmo_hlr() -> Iterator[OsmoHlr]:
    """Run osmo-hlr with an empty database.

    Raises:
        RuntimeError: it is not installed or does not start; the message holds its log.
    """
    program = PROGRAMS["osmo-hlr"].path()
    if program is None:
        raise RuntimeError(f"osmo-hlr is not installed. {PROGRAMS['osmo-hlr'].remedy}")
    host = own_address(GSUP_PORT, VTY_PORT, CTRL_PORT)
    with tempfile.TemporaryDirectory(prefix="trunkline-hlr-") as folder:
        home = Path(folder)
        configuration = home / "osmo-hlr.cfg"
        configuration.write_text(CONFIGURATION.format(host=host, vty_port=VTY_PORT))
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [program, "-c", configuration, "-l", home / "hlr.db"],
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            for port in (VTY_PORT, CTRL_PORT):
                _wait_until_it_listens(host, port, server, home / "log")
            yield OsmoHlr(host, VTY_PORT, CTRL_PORT, home / "hlr.db", server.pid)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_until_it_listens(host: str, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"osmo-hlr does not start: {error}\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
