"""Keeping hold of every process that a run starts, however it tries to leave: Linux's subreaper and `/proc`."""

import ctypes
import os
import signal
import time
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress

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


def end_with_parent(parent: int, number: int = signal.SIGTERM) -> bool:
    """Ask for a signal when the parent dies; False when `parent` is gone already, so that the signal will never come."""
    _prctl(_PR_SET_PDEATHSIG, number)
    return os.getppid() == parent


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`, parents before children."""
    return [below for below, is_alive in _below(pid) if is_alive]


def _below(pid: int) -> Iterator[tuple[int, bool]]:
    """Every process below `pid` and whether it lives, parents before children."""
    children = _children()
    queue = list(children.get(pid, ()))
    while queue:
        child, is_alive = queue.pop(0)
        yield child, is_alive
        queue += children.get(child, ())


def _children() -> dict[int, list[tuple[int, bool]]]:
    """The children of every process, and whether they live.

    The dead that nobody has reaped are among them: while a thread of theirs is still ending, their children remain theirs.
    """
    children: dict[int, list[tuple[int, bool]]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal() and (found := _parent(name)) is not None:
            parent, is_alive = found
            children.setdefault(parent, []).append((int(name), is_alive))
    return children


def _parent(pid: str) -> tuple[int, bool] | None:
    """The parent's id, and whether the process lives or is a zombie; None for one that is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name in parentheses may itself hold spaces and parentheses: proc(5).
            state, parent, *_ = file.read().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return None
    return int(parent), state != b"Z"


def kill_descendants(pid: int | None = None, *, patience: float = 10.0) -> list[int]:
    """Kill everything below `pid` (this process unless given) until nothing is left; returns what outlived `patience` seconds."""
    root = os.getpid() if pid is None else pid
    deadline = time.monotonic() + patience
    while True:
        if root == os.getpid() and _is_childless():
            return []
        kill_all(descendants(root))
        left = descendants(root)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def kill_all(pids: Iterable[int]) -> None:
    """Kill each of them that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def bury_orphans(*, spare: Container[int]) -> None:
    """Kill and reap every child of this process that is not spared, and what falls to this process as their parents die.

    A child that looks dead is waited for too: what is below it comes to this process only when its last thread has ended.
    """
    me = os.getpid()
    while orphans := [pid for pid, _ in _children().get(me, ()) if pid not in spare]:
        kill_all(orphans)
        for pid in orphans:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _is_childless() -> bool:
    """Reap what is dead; true when no child is left, which for who adopts orphans means no descendant either."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return False
        except ChildProcessError:
            return True
