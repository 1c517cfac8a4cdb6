"""The process that keeps one Ansible run, so that nothing of the run outlives it.

It is a fork of the warm fork server, or a child of `python -m trunkline_provisioning.keeper` where that is away. In it works the
unmodified `ansible_runner.run()`, which starts Ansible on a terminal of its own: as the stock command, or, in a warm keeper, as
a fork that takes the command's place just before it would be executed. Every line of the worker's connection is a JSON object:
first the order, then, the other way, the keeper's process id, the run's events and the result. A warm keeper begins once the
worker has answered its process id with a line feed. When the worker closes its side, or dies, or the keeper gets SIGTERM,
everything below is killed and the run's folder deleted. Whoever started the keeper, the server or the guard, does so when the
keeper itself is killed, and closes the connection after that: its end tells the worker that nothing is alive any more.
"""

import fcntl
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pexpect  # type: ignore[import-untyped]  # it brings no types
from ansible_runner import interface

from trunkline_provisioning.essence import essence
from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.process_tree import adopt_orphans, end_with_parent, kill_descendants
from trunkline_provisioning.run_folder import COMPLAINT, SECRETS, VARIABLES, RunFolder

#: Plays arguments, environment and folder in this process; returns an exit status.
Player = Callable[[Sequence[str], Mapping[str, str], str], int]
_CLOSED_ALL = 1 << 20


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
    if not _is_awaited(connection):
        return 0
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    complaint = os.open(COMPLAINT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(complaint, 2)
    os.dup2(complaint, 1)
    os.close(complaint)
    return Keeper(connection, order, play).keep(server)


def main() -> int:
    """Guard a keeper that uses the stock command; the connection is the standard input."""
    connection = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.umask(0o077)
    order = _order(connection)
    if order is None:
        return 0
    adopt_orphans()
    # The keeper is told by the kernel when this process ends.
    if not end_with_parent(order["worker"]):
        return 1
    guard = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        os._exit(Keeper(connection, order, None).keep(guard))
    os.waitpid(keeper, 0)
    kill_descendants()
    return 0


def _is_awaited(connection: socket.socket) -> bool:
    """False when the worker waited too long: then the stock command is at work in the folder, which must be left alone."""
    try:
        connection.sendall(json.dumps({"keeper": os.getpid()}).encode() + b"\n")
        return bool(connection.recv(1))
    except OSError:
        return False


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

    def keep(self, parent: int) -> int:
        """Keep the run to its end; leaves nothing running. Returns the exit status, 0 when the run has ended by itself."""
        adopt_orphans()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, self._stop)
        self._watch_worker()
        if not end_with_parent(parent):
            self._stop()
        status = 1
        try:
            self._tell({"keeper": os.getpid()})
            end = self._run()
            self._tell({"result": {"status": end.status, "rc": end.rc}})
            status = 0
        except (BrokenPipeError, ConnectionResetError):
            self._stop()
        except BaseException as error:  # nothing of the server's loop may go on in here
            with suppress(OSError):
                # The file of complaints may be what cannot be written.
                self._tell({"complaint": f"{type(error).__name__}: {error}"})
            traceback.print_exc()
        kill_descendants()
        return status

    def _watch_worker(self) -> None:
        """Have the kernel tell when something happens on the connection: the worker says no more, so it has left."""
        number = self._connection.fileno()
        signal.signal(signal.SIGIO, self._look_for_worker)
        fcntl.fcntl(number, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_ASYNC)
        self._look_for_worker()

    def _look_for_worker(self, *_: object) -> None:
        try:
            left = not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            # What was told to it has been read; the kernel tells that too.
            return
        except OSError:
            left = True
        if left:
            self._stop()

    def _stop(self, *_: object) -> NoReturn:
        """Kill the run and end at once; the worker knows why, or is gone."""
        for number in (signal.SIGTERM, signal.SIGIO):
            signal.signal(number, signal.SIG_IGN)
        kill_descendants()
        self._folder.delete()
        os._exit(143)

    def _run(self) -> Any:
        # ptyprocess waits 0.1 s after the end, for a child that ansible-runner has already seen dead.
        spawn = pexpect.spawn._spawnpty

        def spawn_here(terminal: Any, args: list[bytes], **options: Any) -> Any:
            if self._player is not None:
                before, keeper = options["preexec_fn"], os.getpid()

                def become_ansible() -> None:
                    before()
                    self._play([os.fsdecode(word) for word in args], options["env"], keeper)

                options["preexec_fn"] = become_ansible
            process = spawn(terminal, args, **options)
            process.delayafterclose = 0.0
            return process

        pexpect.spawn._spawnpty = spawn_here
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

    def _play(self, command: Sequence[str], environment: Mapping[str, str], keeper: int) -> NoReturn:
        """In the fork that ptyprocess has put on the terminal: be Ansible instead of executing it."""
        status = 250
        try:
            # With them ptyprocess's pipe, whose end says that the program has begun.
            os.closerange(3, _CLOSED_ALL)
            if end_with_parent(keeper, signal.SIGKILL) and self._player is not None:
                status = self._player(["ansible-playbook", *command[1:]], environment, os.getcwd())
                sys.stdout.flush()
                sys.stderr.flush()
        except BaseException:  # nothing of the keeper may go on in here
            traceback.print_exc()
        finally:
            os._exit(status)

    def _on_event(self, event: dict[str, Any]) -> bool:
        # Whatever is raised here would make run() raise while the play goes on.
        try:
            if event.get("event") == "playbook_on_start":
                self._folder.forget_secrets()
            self._tell({"event": essence(event)})
        except (BrokenPipeError, ConnectionResetError):
            # Nobody listens any more.
            self._stop()
        except Exception as error:  # inside ansible-runner, which would swallow it
            self._tell({"event": {"event": "lost", "text": type(error).__name__}})
        # No event files.
        return False

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
