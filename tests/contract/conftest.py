"""One clean room for all tests that install wheels: furnished once, copied never, so each uses a plugin of its own name."""

from pathlib import Path

import pytest

from tests.contract.clean_room import CleanRoom


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> CleanRoom:
    """An environment with the wheels of this clone ready to be installed."""
    found = CleanRoom(tmp_path_factory.mktemp("room"))
    found.furnish()
    return found


@pytest.fixture
def home(room: CleanRoom) -> Path:
    """The room's folder, where commands run."""
    return room.folder
