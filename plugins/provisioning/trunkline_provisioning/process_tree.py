"""Keeping hold of every process that a run starts, however it tries to leave: Linux's subreaper and `/proc`."""

import ctypes
import os
import signal
import time
from pathlib import Path

# prctl(2)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends (Ansible's workers call setsid, so a group kill misses them)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> bool:
    """Ask for SIGTERM when the parent dies; False when `parent` is gone already, so that the signal will never come."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`, parents before children."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def _parent(folder: Path) -> int | None:
    """The parent's id; None for a process that is gone or a zombie."""
    try:
        # The name in parentheses may itself hold spaces and parentheses: proc(5).
        state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state == "Z" else int(parent)


def kill_descendants(pid: int | None = None, *, patience: float = 10.0) -> list[int]:
    """Kill everything below `pid` (this process unless given) until nothing is left; returns what outlived `patience` seconds."""
    root = os.getpid() if pid is None else pid
    deadline = time.monotonic() + patience
    while True:
        for child in descendants(root):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if root == os.getpid():
            _reap()
        left = descendants(root)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return
        except ChildProcessError:
            return
