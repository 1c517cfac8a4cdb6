"""Debian's snmpd on a free loopback port, with one community that may write and one user of version 3."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

COMMUNITY, READER = "writes-all", "reads-only"
USER, AUTH_KEY, PRIV_KEY = "operator", "authenticates-77", "encrypts-all-77"
#: SNMPv2-MIB::sysName.0 and sysLocation.0, writable where the configuration does not set them.
SYS_NAME, SYS_LOCATION = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0"

CONFIGURATION = f"""\
rwcommunity {COMMUNITY} 127.0.0.1
rocommunity {READER} 127.0.0.1
createUser {USER} SHA-256 {AUTH_KEY} AES {PRIV_KEY}
rwuser {USER} priv
"""


@dataclass(frozen=True)
class Snmpd:
    """A running agent."""

    port: int
    host: str = "127.0.0.1"


@contextmanager
def snmpd() -> Iterator[Snmpd]:
    """Run the agent. Raises RuntimeError when it is missing or does not start, with its log."""
    program = PROGRAMS["snmpd"].path()
    if program is None:
        raise RuntimeError(f"snmpd is not installed. {PROGRAMS['snmpd'].remedy}")
    with tempfile.TemporaryDirectory(prefix="trunkline-snmpd-") as folder:
        home = Path(folder)
        (home / "snmpd.conf").write_text(CONFIGURATION)
        port = free_port(kind=socket.SOCK_DGRAM)
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(program, "-f", "-Lo", "-C", "-c", home / "snmpd.conf"),
                    *(f"--persistentDir={home}", "-x", f"unix:{home}/agentx", f"udp:127.0.0.1:{port}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while b"NET-SNMP version" not in (home / "log").read_bytes():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"snmpd does not start: {(home / 'log').read_text()}")
                time.sleep(0.02)
            yield Snmpd(port)
        finally:
            server.terminate()
            server.wait(timeout=30)
