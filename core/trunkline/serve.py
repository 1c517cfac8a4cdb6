"""`trunkline serve`: supervises a web process and a worker process, so that heavy work never slows pages."""

import json
import logging
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline import ahead, processes
from trunkline.errors import ConfigError
from trunkline.renewal import Watch

if TYPE_CHECKING:
    from trunkline.config import Config

log = logging.getLogger(__name__)
#: Exit status of a process that named a mistake in the configuration; starting it again would not help.
CANNOT_START = 2
_RESTARTS = 5
_RESTART_WINDOW = 60.0
#: The first page has the processor to itself: the worker comes when web answers, or after so long.
_WORKER_WAITS = 20.0


@dataclass
class Child:
    """One supervised process, started again when it dies, unless it keeps dying."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def load(self, *, tell: int | None = None) -> None:
        """Start the process as far as it goes without a configuration; it closes the descriptor `tell` when it is there."""
        self.process = ahead.load(self.name, self.environment, () if tell is None else (tell,))

    def start(self) -> None:
        """Let the process run with its environment; it is started when it was not loaded before."""
        if self.process is None or self.process.stdin is None or self.process.stdin.closed:
            self.load()
        assert self.process is not None and self.process.stdin is not None  # noqa: S101, PT018 — for the type checker
        try:
            with self.process.stdin as told:
                told.write(json.dumps(self.environment).encode() + b"\n")
        except BrokenPipeError:
            # It died before it could be told, which is noticed as any death is.
            pass

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def renew(self, stopping: threading.Event) -> None:
        """Replace the process by a fresh one, which has loaded before the old one ends. One that cannot load is given up."""
        fresh = Child(self.name, self.environment)
        loaded, tell = os.pipe()
        fresh.load(tell=tell)
        os.close(tell)
        while not stopping.wait(0.05) and not select.select([loaded], [], [], 0)[0]:
            pass
        os.close(loaded)
        if stopping.is_set() or fresh.died() or fresh.process is None:
            if fresh.process is not None:
                processes.stop(fresh.process)
            return
        if self.process is not None:
            processes.stop(self.process)
        fresh.start()
        self.process = fresh.process

    def restart(self) -> None:
        """Start again. Raises ConfigError after several deaths within a minute."""
        if self.process is not None and self.process.returncode == CANNOT_START:
            raise ConfigError(f"The {self.name} process cannot start.", remedy="Its message above says why.")
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if now - at < _RESTART_WINDOW] + [now]
        if len(self.deaths) > _RESTARTS:
            raise ConfigError(
                f"The {self.name} process keeps dying.",
                remedy="See the messages above; run `trunkline doctor`.",
            )
        log.warning(
            "%s process ended with status %s; starting it again",
            self.name,
            self.process and self.process.returncode,
        )
        self.start()


@contextmanager
def loading_web(workers: int | None = None) -> Iterator[Child]:
    """A web process that loads while the configuration is read in the block, and ends with it."""
    child = Child("web", process=ahead.taken_over())
    if workers is not None:
        child.environment["TRUNKLINE_WORKERS"] = str(workers)
    if child.process is None:
        child.load()
    try:
        yield child
    finally:
        if child.process is not None:
            processes.stop(child.process)


def check_address(config: "Config") -> None:
    """Refuse an address that cannot be served safely or is taken. Raises ConfigError."""
    from trunkline.loopback import is_loopback

    if (
        not is_loopback(config.host)
        and not config.insecure_http
        and not config.base_url.startswith("https://")
    ):
        raise ConfigError(
            f"Plain http on {config.host} would send passwords in clear.",
            field="host",
            remedy="Put an https proxy in front and set base_url, or set insecure_http = true for a closed test network.",
        )
    if config.workers > 1 and config.database_url.startswith("sqlite"):
        raise ConfigError(
            "SQLite takes one web process.",
            field="workers",
            remedy="Use PostgreSQL for more, or --workers 1.",
        )
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            raise ConfigError(
                f"Port {config.port} on {config.host} cannot be used: {error.strerror}.",
                field="port",
                remedy="Stop what listens there, or choose another port with --port.",
            ) from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def environment_of(config: "Config", config_file: Path | None) -> dict[str, str]:
    """The variables by which children see the same configuration."""
    environment = {}
    if config_file is not None:
        environment["TRUNKLINE_CONFIG"] = str(config_file)
    given = {
        "data": str(config.data),
        "host": config.host,
        "port": str(config.port),
        "workers": str(config.workers),
    }
    given |= {"operator_name": config.operator_name} if config.operator_name != "Trunkline" else {}
    for name, value in given.items():
        environment[f"TRUNKLINE_{name.upper()}"] = value
    return environment


def supervise(
    config: "Config",
    config_file: Path | None,
    *,
    with_worker: bool,
    ready: Callable[[], None] | None = None,
    web: Child | None = None,
) -> int:
    """Run web (and worker) until SIGTERM or SIGINT; returns the exit status. `web` may have been loading for a while."""
    check_address(config)
    web = web or Child("web")
    web.environment = environment_of(config, config_file)
    worker = Child("worker", web.environment)
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    web.start()
    children, answers, worker_due = [web], False, time.monotonic() + _WORKER_WAITS
    watch = Watch(config.data)
    try:
        # All in the main thread: the kernel ends a child with the thread that started it.
        while not stopping.wait(0.3 if answers else 0.02):
            for child in children:
                if child.died():
                    child.restart()
            if answers and watch.asked():
                log.warning("starting the processes again, as somebody asked on the plugins page")
                for child in children:
                    child.renew(stopping)
            if not answers and _accepts(config):
                answers = True
                if ready is not None:
                    ready()
            if with_worker and worker not in children and (answers or time.monotonic() > worker_due):
                worker.start()
                children.append(worker)
    finally:
        watch.end()
        for child in reversed(children):
            if child.process is not None:
                processes.stop(child.process)
    return 0


def _accepts(config: "Config") -> bool:
    """Whether the web process takes connections."""
    host = "127.0.0.1" if config.host == "0.0.0.0" else config.host  # noqa: S104 — compared, not bound
    try:
        socket.create_connection((host, config.port), timeout=1).close()
    except OSError:
        return False
    return True


def serve_web(config: "Config") -> None:
    """The web process itself."""
    import uvicorn

    from trunkline.asgi import make

    processes.die_with_parent()
    uvicorn.run(
        "trunkline.asgi:make" if config.workers > 1 else make,
        factory=True,
        host=config.host,
        port=config.port,
        workers=config.workers,
        access_log=False,
        server_header=False,
        log_config=None,
        ws="none",
        timeout_graceful_shutdown=10,
        # The application reads them itself, of `trusted_proxies` only.
        proxy_headers=False,
    )
