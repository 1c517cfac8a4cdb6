"""Child processes that never outlive their parent (Linux)."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent(sign: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when its parent dies; nothing happens where there is no prctl."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, sign, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), sign)


def start(arguments: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
    """Start a child that is killed with this process."""
    return subprocess.Popen(list(arguments), preexec_fn=_killed_with_parent, **options)  # type: ignore[call-overload, no-any-return]  # options of any caller


def _killed_with_parent() -> None:
    die_with_parent(signal.SIGKILL)


def stop(process: "subprocess.Popen[bytes]", *, patience: float = 35.0) -> None:
    """Terminate the child; kill it when it has not ended after `patience` seconds."""
    if process.poll() is not None:
        return
    process.terminate()
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if process.poll() is None:
        process.kill()
        process.wait()
