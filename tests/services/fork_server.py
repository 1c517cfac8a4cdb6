"""A warm fork server of this process, as every worker has one beside it."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trunkline import processes
from trunkline_provisioning import runner
from trunkline_provisioning.fork_server import Place, place_of

#: Seconds that loading Ansible may take on a busy machine.
PATIENCE = 200.0


@contextmanager
def fork_server(data: Path, *collections: Path) -> Iterator[Place]:
    """Where it is found once it is warm; `collections` are folders that hold `ansible_collections`."""
    service = runner.service(data, collections)
    place = place_of(data, os.getpid())
    process = processes.start(service.argv, cwd=service.folder, env=service.environment)
    try:
        wait_until_warm(place)
        yield place
    finally:
        processes.stop(process)
        shutil.rmtree(place.folder, ignore_errors=True)


def wait_until_warm(place: Place) -> None:
    """Return once it listens; fails the test when it refuses, or does not come in time."""
    deadline = time.monotonic() + PATIENCE
    while not place.socket.exists():
        assert place.refusal == ""
        assert time.monotonic() < deadline, "the fork server did not get warm"
        time.sleep(0.02)
