"""A whole system on each database, served, with somebody's program signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line.api import Api
from tests.line.system import ADMINISTRATOR, PASSWORD, System, installed


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    """Installed on an empty database and served."""
    with installed(request.param, tmp_path) as system:
        system.start()
        yield system


@pytest.fixture
def api(system: System) -> Iterator[Api]:
    """The administrator's program."""
    api = Api(system, ADMINISTRATOR, PASSWORD)
    yield api
    api.client.close()
