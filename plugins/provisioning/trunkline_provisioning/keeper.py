"""The process that keeps one Ansible run, so that nothing of the run outlives it.

It is a fork of the warm fork server, or `python -m trunkline_provisioning.keeper` where that is away. Below it are two
processes: the caller, in which the unmodified `ansible_runner.run()` works, and Ansible itself, which the caller starts as a
program of its own (`fork_server/shim.py` answers to its name). Every line of the worker's connection is a JSON object: first
the order, then, the other way, the keeper's process id, the run's events and the result. When the worker closes its side, or
dies, or the keeper gets SIGTERM, everything below is killed and the run's folder deleted. The connection's end tells the
worker that nothing is alive any more.
"""

import json
import marshal
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from trunkline_provisioning.essence import essence
from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.process_tree import (
    adopt_orphans,
    descendants,
    end_with_parent,
    kill_all,
    kill_descendants,
)
from trunkline_provisioning.run_folder import COMPLAINT, KEEPER, SECRETS, VARIABLES, RunFolder

#: Plays arguments, environment and folder in this process; returns an exit status.
Player = Callable[[Sequence[str], Mapping[str, str], str], int]


def keep_warm(connection: socket.socket, server: int, place: Place, fingerprint: str) -> int:
    """In a fork of the server: keep the run that is ordered; returns the exit status, `STALE` when the server is out of date."""
    from trunkline_provisioning.fork_server.server import STALE, collections_now
    from trunkline_provisioning.fork_server.warm import play

    order = _order(connection)
    if order is None:
        return 0
    collections = tuple(Path(path) for path in order["collections"])
    if collections_now(collections) != fingerprint:
        place.want_collections(collections)
        return STALE
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    complaint = os.open(COMPLAINT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(complaint, 2)
    os.dup2(complaint, 1)
    os.close(complaint)
    return Keeper(connection, order, play).keep(server)


def main() -> int:
    """Keep a run with the stock command; the connection is the standard input."""
    connection = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.umask(0o077)
    order = _order(connection)
    return Keeper(connection, order, None).keep(order["worker"]) if order is not None else 0


def _order(connection: socket.socket) -> dict[str, Any] | None:
    text = b""
    while not text.endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            return None
        text += part
    order: dict[str, Any] = json.loads(text)
    return order


class Keeper:
    """One run, from its order to its end."""

    def __init__(self, connection: socket.socket, order: Mapping[str, Any], player: Player | None) -> None:
        self._connection, self._order, self._player = connection, order, player
        self._folder = RunFolder(Path(order["folder"]))
        self._looks = selectors.DefaultSelector()
        self._caller = 0
        #: Ansible's process and the shim that waits for it.
        self._ansible: tuple[int, socket.socket] | None = None

    def keep(self, parent: int) -> int:
        """Keep the run to its end; leaves nothing running."""
        adopt_orphans()
        signal.signal(signal.SIGTERM, self._stop)
        if not end_with_parent(parent):
            self._stop()
        woken, waker = os.pipe()
        for number in (woken, waker):
            os.set_blocking(number, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)
        self._tell({"keeper": os.getpid()})
        listener = self._listen() if self._player is not None else None
        keeper = os.getpid()
        self._caller = os.fork()
        if self._caller == 0:
            self._call(keeper)
        self._looks.register(self._connection, selectors.EVENT_READ, self._worker_left)
        self._looks.register(woken, selectors.EVENT_READ, lambda: self._reap(woken))
        if listener is not None:
            self._looks.register(listener, selectors.EVENT_READ, lambda: self._shim_came(listener))
        while self._caller:
            for key, _event in self._looks.select():
                key.data()
        kill_descendants()
        return 0

    def _listen(self) -> socket.socket | None:
        """Where the shim asks; None where the folder's path is too long, and the shim then takes the stock command."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with suppress(OSError):
            listener.bind(str(self._folder.path / KEEPER))
            listener.listen(1)
            return listener
        return None

    def _worker_left(self) -> None:
        try:
            left = not self._connection.recv(4096)
        except ConnectionResetError:
            left = True
        if left:
            self._stop()

    def _stop(self, *_: object) -> NoReturn:
        """Kill the run and end at once; the worker knows why."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        kill_descendants()
        self._folder.delete()
        os._exit(143)

    def _reap(self, woken: int) -> None:
        with suppress(BlockingIOError):
            while os.read(woken, 4096):
                pass
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if pid == self._caller:
                    self._caller = 0
                elif self._ansible is not None and pid == self._ansible[0]:
                    self._tell_shim(os.waitstatus_to_exitcode(status))

    # Ansible

    def _shim_came(self, listener: socket.socket) -> None:
        """Fork Ansible onto the shim's terminal."""
        shim, _address = listener.accept()
        size, terminal, _flags, _from = socket.recv_fds(shim, 4, 3)
        left, text = int.from_bytes(size, "little"), b""
        while len(text) < left:
            part = shim.recv(left - len(text))
            if not part:
                break
            text += part
        if len(text) < left or len(terminal) != 3 or self._ansible is not None:
            shim.close()
            return
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            for other in (self._looks, self._connection, listener, shim):
                other.close()
            self._play(text, terminal, keeper)
        for number in terminal:
            os.close(number)
        self._ansible = pid, shim
        self._looks.register(shim, selectors.EVENT_READ, self._shim_left)

    def _play(self, order: bytes, terminal: Sequence[int], keeper: int) -> NoReturn:
        """In the fork: be Ansible."""
        status = 250
        try:
            if not end_with_parent(keeper, signal.SIGKILL) or self._player is None:
                os._exit(status)
            os.setsid()
            for number, of_shim in enumerate(terminal):
                os.dup2(of_shim, number)
                os.close(of_shim)
            argv, environment, folder = marshal.loads(order)  # noqa: S302 — our own shim's, by a socket in a private folder
            status = self._player(argv, environment, folder)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:  # nothing of the keeper's loop may go on in here
            traceback.print_exc()
        finally:
            os._exit(status)

    def _shim_left(self) -> None:
        """The shim died before it got an answer, by itself or with its terminal: nobody wants Ansible any more."""
        if self._ansible is None:
            return
        pid, shim = self._ansible
        self._looks.unregister(shim)
        shim.close()
        self._ansible = None
        kill_all([pid, *descendants(pid)])

    def _tell_shim(self, status: int) -> None:
        if self._ansible is None:
            return
        _pid, shim = self._ansible
        self._ansible = None
        self._looks.unregister(shim)
        with suppress(OSError):
            shim.send(bytes([status & 0xFF]))
        shim.close()

    # The caller

    def _call(self, keeper: int) -> NoReturn:
        """In the fork: run ansible-runner and tell what happens."""
        status = 1
        try:
            self._looks.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, _abandon)
            # So that the death of the keeper alone leaves nothing behind either.
            adopt_orphans()
            if not end_with_parent(keeper):
                _abandon()
            end = self._run()
            self._tell({"result": {"status": end.status, "rc": end.rc}})
            status = 0
        except BrokenPipeError:
            _abandon()
        except BaseException as error:  # nothing of the keeper's loop may go on in here
            with suppress(OSError):
                # The file of complaints may be what cannot be written.
                self._tell({"complaint": f"{type(error).__name__}: {error}"})
            traceback.print_exc()
        finally:
            kill_descendants()
            os._exit(status)

    def _run(self) -> Any:
        import pexpect  # type: ignore[import-untyped]  # it brings no types
        from ansible_runner import interface

        # ptyprocess waits 0.1 s after the end, for a child that ansible-runner has already seen dead.
        spawn = pexpect.spawn._spawnpty

        def spawn_without_pause(self: Any, args: Any, **options: Any) -> Any:
            process = spawn(self, args, **options)
            process.delayafterclose = 0.0
            return process

        pexpect.spawn._spawnpty = spawn_without_pause
        options = "--check --diff " if self._order["check"] else ""
        return interface.run(
            private_data_dir=str(self._folder.path),
            project_dir=self._order["project"],
            playbook=self._order["playbook"],
            # As an argument: ansible-runner would write `inventory` to a file that the host_list plugin does not read.
            cmdline=f"{options}-i localhost, -e @{self._folder.path / VARIABLES} -e @{self._folder.path / SECRETS}",
            fact_cache_type="",
            suppress_env_files=True,
            quiet=True,
            event_handler=self._on_event,
            # Without one ansible-runner takes SIGTERM for itself.
            cancel_callback=lambda: False,
        )

    def _on_event(self, event: dict[str, Any]) -> bool:
        # Whatever is raised here would make run() raise while the play goes on.
        try:
            if event.get("event") == "playbook_on_start":
                self._folder.forget_secrets()
            self._tell({"event": essence(event)})
        except BrokenPipeError:
            # Nobody listens any more.
            _abandon()
        except Exception as error:  # inside ansible-runner, which would swallow it
            self._tell({"event": {"event": "lost", "text": type(error).__name__}})
        # No event files.
        return False

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")


def _abandon(*_: object) -> NoReturn:
    """In the caller: nobody keeps the run or listens to it, so end it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kill_descendants()
    os._exit(143)


if __name__ == "__main__":
    sys.exit(main())
