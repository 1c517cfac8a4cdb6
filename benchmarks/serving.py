"""A server of its own for a benchmark, and what its processes take."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import httpx2

_TICKS = os.sysconf("SC_CLK_TCK")
#: The command line of this very checkout.
CLI = [sys.executable, "-m", "trunkline"]


@contextlib.contextmanager
def server(command: list[str], port: int) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The running server and the seconds until its first answer."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            with (
                contextlib.suppress(OSError),
                urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer,
            ):
                if answer.status == 200:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended with {process.returncode}")
            time.sleep(0.01)
        yield process, time.monotonic() - began
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextlib.contextmanager
def signed_in(port: int) -> Iterator[httpx2.Client]:
    """A client in which the demo's administrator is signed in."""
    from trunkline.demo.staff import PASSWORD, STAFF

    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        shown = client.get("/sign-in").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        assert token is not None
        fields = {"csrf_token": token.group(1), "email": STAFF[0].email, "password": PASSWORD}
        answer = client.post("/sign-in", data=fields)
        assert answer.status_code == 303, answer.status_code
        yield client


def cpu(pid: int) -> float:
    """Seconds of processor time that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def web_pid(pid: int) -> int:
    """The web process among the children of `serve`."""
    for child in family(pid)[1:]:
        if b"\0web" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise RuntimeError("serve has no web process")


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1000 if found else 0.0
