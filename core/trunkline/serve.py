"""`trunkline serve`: supervises a web process and a worker process, so that heavy work never slows pages."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from trunkline import processes
from trunkline.config import Config
from trunkline.errors import ConfigError

log = logging.getLogger(__name__)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: Exit status of a process that named a mistake in the configuration; starting it again would not help.
CANNOT_START = 2
_RESTARTS = 5
_RESTART_WINDOW = 60.0


@dataclass
class Child:
    """One supervised process, started again when it dies, unless it keeps dying."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.process = processes.start(self.arguments, env=self.environment)

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

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


def check_address(config: Config) -> None:
    """Refuse an address that cannot be served safely or is taken. Raises ConfigError."""
    if (
        config.host not in _LOOPBACK
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


def environment_of(config: Config, config_file: Path | None) -> dict[str, str]:
    """The environment by which children see the same configuration."""
    environment = dict(os.environ)
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
    config: Config, config_file: Path | None, *, with_worker: bool, ready: Callable[[], None] | None = None
) -> int:
    """Run web (and worker) until SIGTERM or SIGINT; returns the exit status."""
    check_address(config)
    environment = environment_of(config, config_file)
    command = [sys.executable, "-m", "trunkline.cli"]
    children = [Child("web", [*command, "web"], environment)]
    if with_worker:
        children.append(Child("worker", [*command, "worker", "--with-parent"], environment))
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    for child in children:
        child.start()
    if ready is not None:
        threading.Thread(target=_when_ready, args=(config, ready, stopping), daemon=True).start()
    try:
        while not stopping.wait(0.3):
            for child in children:
                if child.died():
                    child.restart()
    finally:
        for child in reversed(children):
            if child.process is not None:
                processes.stop(child.process)
    return 0


def _when_ready(config: Config, ready: Callable[[], None], stopping: threading.Event) -> None:
    """Call `ready` once the web process accepts connections."""
    host = "127.0.0.1" if config.host == "0.0.0.0" else config.host  # noqa: S104
    while not stopping.wait(0.05):
        try:
            socket.create_connection((host, config.port), timeout=1).close()
        except OSError:
            continue
        ready()
        return


def serve_web(config: Config) -> None:
    """The web process itself."""
    import uvicorn

    from trunkline.asgi import make

    processes.die_with_parent()
    kwargs = {
        "forwarded_allow_ips": ",".join(config.trusted_proxies) or "127.0.0.1",
        "proxy_headers": bool(config.trusted_proxies),
    }
    uvicorn.run(
        "trunkline.asgi:make" if config.workers > 1 else make,
        factory=True,
        host=config.host,
        port=config.port,
        workers=config.workers,
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        **kwargs,  # type: ignore[arg-type]
    )
