"""Debian's netconfd (yuma123) behind sshd on a free loopback port, with the modules of RFC 8343 and nothing in them."""

import fcntl
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.services.loopback import PATIENCE
from tests.services.openssh import Sshd, sshd
from tests.services.programs import PROGRAMS
from trunkline_provisioning.devices.netconf_session import Login, connected, text_of

INTERFACES = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
#: Of every session; the server answers within a second, on a machine with much to do within several.
TIMEOUT = 30.0

#: What Debian's netconfd-module-ietf-interfaces brings: with it netconfd would switch the machine's own interfaces.
SWITCHES_REAL_INTERFACES = "usr/lib/*/yuma/libietf-interfaces.so*"


def login(edge: Sshd) -> Login:
    """How to sign in there."""
    return Login(
        edge.host,
        edge.port,
        edge.username,
        "",
        private_key=edge.private_key,
        host_key=edge.host_key,
        timeout=TIMEOUT,
    )


def ports(edge: Sshd) -> dict[str, dict[str, str]]:
    """The interfaces that run there, leaf by leaf."""
    with connected(login(edge)) as session:
        reply = session.ask("<get-config><source><running/></source></get-config>")
    found = reply.getElementsByTagNameNS(INTERFACES, "interface")
    values = [{leaf.localName: text_of(leaf) for leaf in port.getElementsByTagName("*")} for port in found]
    return {port["name"]: port for port in values}


@contextmanager
def netconfd(target: Literal["candidate", "running"] = "candidate") -> Iterator[Sshd]:
    """Run netconfd behind sshd; `target` is the datastore that it lets be edited.

    Raises RuntimeError when either is missing or does not start, with its log.
    """
    program = PROGRAMS["netconfd"].path()
    if program is None:
        raise RuntimeError(f"netconfd is not installed. {PROGRAMS['netconfd'].remedy}")
    if any(Path("/").glob(SWITCHES_REAL_INTERFACES)):
        raise RuntimeError(
            "netconfd would switch real interfaces. apt remove netconfd-module-ietf-interfaces"
        )
    with tempfile.TemporaryDirectory(prefix="trunkline-netconfd-") as folder, _home_as_it_was():
        socket = Path(folder) / "socket"

        def subsystem(_home: Path, port: int) -> str:
            return f"Subsystem netconf {Path(program).parent}/netconf-subsystem --ncxserver-sockname={port}@{socket}"

        with sshd(subsystem) as door, (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(program, "--module=iana-if-type", "--module=ietf-interfaces", "--no-startup"),
                    *(f"--target={target}", f"--superuser={getpass.getuser()}"),
                    *(f"--port={door.port}", f"--ncxserver-sockname={socket}"),
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                _wait(socket, server, Path(folder) / "log")
                yield door
            finally:
                server.terminate()
                server.wait(timeout=30)


@contextmanager
def _home_as_it_was() -> Iterator[None]:
    """netconfd notes the number of its latest transaction in the user's home folder, whatever HOME says: one runs at a time."""
    notes = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".yuma"
    with (Path(tempfile.gettempdir()) / f"trunkline-netconfd-{os.geteuid()}.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        there = notes.exists()
        try:
            yield
        finally:
            if not there:
                shutil.rmtree(notes, ignore_errors=True)


def _wait(socket: Path, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while b"Running netconfd server" not in log.read_bytes() or not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"netconfd does not start: {log.read_text()}")
        time.sleep(0.02)
