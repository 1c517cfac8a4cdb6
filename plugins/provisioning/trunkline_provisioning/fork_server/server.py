"""The server: one process, one thread, one loop. It forks a keeper for each connection, and buries what keepers leave."""

import os
import selectors
import signal
import socket
import struct
import sys
from pathlib import Path

from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.fork_server.warm import Unproven, load
from trunkline_provisioning.process_tree import adopt_orphans, bury_orphans

#: A keeper ends so when the collections are not as the server knows them.
STALE = 75
#: Process ids of keepers and their connections, handed over to the server that takes this one's place.
_KEPT = "TRUNKLINE_FORK_SERVER_KEPT"


def serve(place: Place) -> None:
    """Load Ansible, then fork a run for each connection until SIGTERM. Where Ansible is unproven: say so and fork nothing."""
    os.umask(0o077)
    place.make()
    place.forget()
    adopt_orphans()
    signal.signal(signal.SIGTERM, _end)
    collections = place.collections
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = ":".join(map(str, collections))
    fingerprint = collections_now(collections)
    try:
        load()
    except Unproven as error:
        (place.folder / "refusal").write_text(str(error))
        while True:
            # Ending would only have it started again.
            signal.pause()
    _Server(place, fingerprint).run()


def _end(*_: object) -> None:
    # The keepers are told by the kernel (PR_SET_PDEATHSIG) and kill their runs.
    os._exit(0)


def collections_now(collections: tuple[Path, ...]) -> str:
    """Changes when a file of the collections does."""
    found = []
    for folder in collections:
        for root, folders, names in os.walk(folder / "ansible_collections"):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                facts = os.stat(os.path.join(root, name))
                found.append(f"{root}/{name} {facts.st_mtime_ns} {facts.st_size}")
    return "\n".join([*map(str, collections), *sorted(found)])


class _Server:
    def __init__(self, place: Place, fingerprint: str) -> None:
        self._place, self._fingerprint = place, fingerprint
        #: Connections of living keepers. The worker sees its end only when the last of the run is dead, so these stay open.
        self._kept: dict[int, socket.socket] = {}
        for pair in filter(None, os.environ.pop(_KEPT, "").split(",")):
            pid, number = map(int, pair.split(":"))
            os.set_inheritable(number, False)
            self._kept[pid] = socket.socket(fileno=number)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(place.socket))
        os.chmod(place.socket, 0o600)
        self._listener.listen(128)
        self._woken, self._waker = os.pipe()
        for number in (self._woken, self._waker):
            os.set_blocking(number, False)

    def run(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker)
        looks = selectors.DefaultSelector()
        looks.register(self._listener, selectors.EVENT_READ)
        looks.register(self._woken, selectors.EVENT_READ)
        self._bury()
        while True:
            for key, _event in looks.select():
                if key.fileobj is self._listener:
                    self._accept(looks)
                else:
                    self._drain()
                    self._bury()

    def _drain(self) -> None:
        try:
            while os.read(self._woken, 4096):
                pass
        except BlockingIOError:
            return

    def _accept(self, looks: selectors.BaseSelector) -> None:
        connection, _address = self._listener.accept()
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", peer)[1] != os.getuid():
            connection.close()
            return
        server = os.getpid()
        pid = os.fork()
        if pid:
            self._kept[pid] = connection
            return
        looks.close()
        for other in (self._listener, *self._kept.values()):
            other.close()
        signal.set_wakeup_fd(-1)
        for number in (self._woken, self._waker):
            os.close(number)
        self._keep(connection, server)

    def _keep(self, connection: socket.socket, server: int) -> None:
        """In the fork: keep one run; never returns."""
        from trunkline_provisioning import keeper

        status = 1
        try:
            status = keeper.keep_warm(connection, server, self._place, self._fingerprint)
        except BaseException as error:  # nothing of the server's loop may go on in a fork
            sys.stderr.write(f"keeper: {error!r}\n")
        finally:
            os._exit(status)

    def _bury(self) -> None:
        """Reap the dead; what a keeper left behind comes to us as a child, and is killed before its worker hears the end."""
        ended: list[socket.socket] = []
        stale = orphans = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid in self._kept:
                ended.append(self._kept.pop(pid))
                stale = stale or os.waitstatus_to_exitcode(status) == STALE
                # One that has come to its end has seen that nothing is left; the rest are what others left behind.
                orphans = orphans or status != 0
            else:
                orphans = True
        if orphans:
            bury_orphans(spare=self._kept)
        for connection in ended:
            connection.close()
        if stale:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Become a fresh server in the same process, so that keepers stay children of it."""
        self._place.forget()
        # Ansible closes the standard ones on exec, so that its modules do not get them.
        for number in (0, 1, 2, *(connection.fileno() for connection in self._kept.values())):
            os.set_inheritable(number, True)
        os.environ[_KEPT] = ",".join(f"{pid}:{kept.fileno()}" for pid, kept in self._kept.items())
        signal.set_wakeup_fd(-1)
        os.execv(sys.executable, [sys.executable, "-m", __package__, str(self._place.folder)])  # noqa: S606 — ourselves
