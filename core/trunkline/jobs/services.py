"""Programs that plugins run beside a worker: started with it, started again when they end, stopped with it."""

import logging
import subprocess
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from trunkline import processes
from trunkline.plugin import ServiceProcess

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
_READY_SECONDS = 10.0
_LONGEST_PAUSE = 60.0


class Services(threading.Thread):
    """Keeps the programs of `worker_services` running. A program is a child of this thread's process and never outlives it."""

    def __init__(self, app: "App") -> None:
        super().__init__(daemon=True, name="services")
        with app.reading() as ctx:
            self.wanted: list[ServiceProcess] = [
                service for _, service in app.hooks.gather("worker_services", ctx=ctx)
            ]
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._pauses: dict[str, float] = {}
        self._not_before: dict[str, float] = {}

    def run(self) -> None:
        while True:
            for service in self.wanted:
                self._keep(service)
            if self._stopping.wait(_LOOK_SECONDS):
                break
        for process in self._running.values():
            processes.stop(process, patience=10)

    def stop(self) -> None:
        """Stop every program and wait for their ends."""
        self._stopping.set()
        if self.is_alive():
            self.join()

    def wait_ready(self) -> None:
        """Wait a while until each program can be used, and say which cannot."""
        deadline = time.monotonic() + _READY_SECONDS
        waiting = list(self.wanted)
        while waiting and time.monotonic() < deadline:
            waiting = [service for service in waiting if not service.ready()]
            time.sleep(0.05)
        for service in waiting:
            log.warning("service %s is not ready; jobs that need it will fail", service.name)

    def _keep(self, service: ServiceProcess) -> None:
        process = self._running.get(service.name)
        if process is not None and process.poll() is None:
            return
        now = time.monotonic()
        if process is not None:
            # A program that keeps ending is started less and less often.
            pause = min(self._pauses.get(service.name, 0.5) * 2, _LONGEST_PAUSE)
            log.warning(
                "service %s ended with status %s; next start in %.0f s",
                service.name,
                process.returncode,
                pause,
            )
            self._pauses[service.name], self._not_before[service.name] = pause, now + pause
            del self._running[service.name]
        if now >= self._not_before.get(service.name, 0.0):
            self._start(service)

    def _start(self, service: ServiceProcess) -> None:
        with ExitStack() as files:
            output = files.enter_context(service.log_file.open("ab")) if service.log_file else None
            try:
                self._running[service.name] = processes.start(
                    service.argv,
                    cwd=service.folder,
                    env=service.environment,
                    stdout=output,
                    stderr=output,
                    stdin=subprocess.DEVNULL,
                )
            except OSError as error:
                log.error("service %s cannot be started: %s", service.name, error)
                self._not_before[service.name] = time.monotonic() + _LONGEST_PAUSE
                return
        log.info("service %s started", service.name)
