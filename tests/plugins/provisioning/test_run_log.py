"""When the lines of a playbook's run reach the job's log."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from trunkline.jobs import StepContext
from trunkline.jobs.bell import FOLDER
from trunkline_provisioning import run_log
from trunkline_provisioning.run_events import Line
from trunkline_provisioning.run_log import RunLog


class Desk:
    """A clock that is put forward by hand, and what was written by when."""

    def __init__(self, data: Path) -> None:
        self.now = 1000.0
        self.written: list[tuple[float, list[str]]] = []
        self.app = SimpleNamespace(config=SimpleNamespace(data=data))

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        self.written.append((self.now, []))
        yield

    def log(self, text: str, level: str, **data: Any) -> None:
        self.written[-1][1].append(text)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    monkeypatch.setattr(run_log, "time", SimpleNamespace(monotonic=lambda: desk.now))
    return desk


def play(desk: Desk) -> list[tuple[float, list[str]]]:
    """Two lines at once and one a second later, by whoever looks when the log asks for that; returns what was written when."""
    lines, began = RunLog(cast("StepContext", desk)), desk.now
    due = math.inf
    for at, text in ((0.0, "first"), (0.01, "second"), (1.0, "late"), (2.0, "")):
        while began + at - desk.now > due:
            desk.now += due
            due = lines.look()
        desk.now = began + at
        if text:
            lines.add(Line("ok", text))
        due = lines.look()
    return [(round(moment - began, 3), texts) for moment, texts in desk.written]


def test_lines_that_nobody_sees_come_are_written_together(desk: Desk) -> None:
    assert play(desk) == [(0.25, ["first", "second"]), (1.0, ["late"])]


def test_lines_are_written_sooner_while_a_page_listens(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "somebody").touch()
    assert play(desk) == [(0.05, ["first", "second"]), (1.0, ["late"])]
