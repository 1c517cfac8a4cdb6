"""Debian's sshd on a free loopback port, with a key of its own, in front of a small router's command line or a subsystem."""

import getpass
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized_keys
PidFile {home}/pid
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
PrintMotd no
{behind}
"""

#: Interfaces with a description and an address; commands as routers take them.
ROUTER = """\
import json, sys
from pathlib import Path

state = Path(sys.argv[1])
interfaces = json.loads(state.read_text()) if state.exists() else {}
mode, current = "exec", ""
while True:
    prompt = {"exec": "rtr1#", "config": "rtr1(config)#", "interface": "rtr1(config-if)#"}[mode]
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        break
    words = line.split()
    if not words or words[0] == "terminal":
        continue
    if words[0] in ("exit", "end", "quit"):
        if mode == "exec":
            break
        mode = "exec" if words[0] == "end" or mode == "config" else "config"
    elif words[:2] == ["show", "interface"] and mode == "exec":
        for name, value in interfaces.get(words[2], {}).items():
            print(f" {name} {value}")
    elif words[:2] == ["configure", "terminal"]:
        mode = "config"
    elif words[0] == "interface" and mode != "exec":
        mode, current = "interface", words[1]
        interfaces.setdefault(current, {})
    elif words[:2] == ["no", "interface"] and mode != "exec":
        interfaces.pop(words[2], None)
    elif mode == "interface" and words[0] in ("description", "address", "rate"):
        interfaces[current][words[0]] = " ".join(words[1:])
    elif words[:1] == ["write"]:
        Path(sys.argv[1] + ".saved").write_text(json.dumps(interfaces))
    else:
        print("% Invalid input detected")
    state.write_text(json.dumps(interfaces))
"""


@dataclass(frozen=True)
class Sshd:
    """A running server. `private_key` opens it; `host_key` is what it shows, as known_hosts has it."""

    port: int
    username: str
    private_key: str
    host_key: str
    home: Path

    host: str = "127.0.0.1"


@contextmanager
def sshd_router() -> Iterator[Sshd]:
    """Run sshd in front of an empty router. Raises RuntimeError when it is missing or does not start, with its log."""

    def router(home: Path, _port: int) -> str:
        (home / "router.py").write_text(ROUTER)
        return f"ForceCommand {sys.executable} {home}/router.py {home}/state.json"

    with sshd(router) as running:
        yield running


@contextmanager
def sshd(behind: Callable[[Path, int], str]) -> Iterator[Sshd]:
    """Run sshd; `behind` gets its folder and port and returns the configuration of what whoever signs in reaches.

    Raises RuntimeError when it is missing or does not start, with its log.
    """
    program, keygen = PROGRAMS["sshd"].path(), PROGRAMS["ssh-keygen"].path()
    if program is None or keygen is None:
        raise RuntimeError(f"sshd is not installed. {PROGRAMS['sshd'].remedy}")
    with tempfile.TemporaryDirectory(prefix="trunkline-sshd-") as folder:
        home = Path(folder)
        for name in ("host_key", "user_key"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
        (home / "authorized_keys").write_text((home / "user_key.pub").read_text())
        port = free_port()
        configuration = CONFIGURATION.format(port=port, home=home, behind=behind(home, port))
        (home / "sshd_config").write_text(configuration)
        if os.geteuid() == 0:
            # Where sshd keeps its unprivileged half; made by the init system where there is one.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [program, "-D", "-e", "-f", home / "sshd_config"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait(port, server, home / "log")
            yield Sshd(
                port,
                getpass.getuser(),
                (home / "user_key").read_text(),
                " ".join((home / "host_key.pub").read_text().split()[:2]),
                home,
            )
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    import socket

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"sshd does not start: {error}\n{log.read_text()}") from error
            time.sleep(0.02)
        else:
            return
