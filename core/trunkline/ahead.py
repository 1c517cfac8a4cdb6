"""What `serve` starts before anything else of it is read: the web process, for which everybody waits longest."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from trunkline import processes

#: What glibc does not keep to itself after use. Each thread's memory lies in an arena of its own, where gaps of the others are no
#: use: one for all takes 7 MB less, and Python lets one thread at a time compute anyway. And once something large was freed (each
#: password asks for 19 MB) it would never again give so much back. The operator's own values win.
_SPARING = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
_web: list["subprocess.Popen[bytes]"] = []


def load(
    name: str, environment: Mapping[str, str] | None = None, tell: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """A child process as far as it goes without a configuration; it closes the descriptors `tell` when it is there."""
    command = [sys.executable, "-m", "trunkline.child", name, *map(str, tell)]
    whole = {**_SPARING, **os.environ, **(environment or {})}
    return processes.start(command, env=whole, stdin=subprocess.PIPE, pass_fds=tuple(tell))


def load_web() -> None:
    """Begin to load a web process, which `taken_over` hands on. If nobody takes it, it ends with this process."""
    _web.append(load("web"))


def taken_over() -> "subprocess.Popen[bytes] | None":
    """The web process that loads already, if there is one."""
    return _web.pop() if _web else None
