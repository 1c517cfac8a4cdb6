"""The worker is killed with -9 in the middle of each step of an order: nothing is lost, nothing comes twice."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.line.api import Api
from tests.line.line import add_product, order, register, stock_up
from tests.line.network import subscribers
from tests.line.samples import write_samples
from tests.line.system import System, installed, wait_for
from trunkline.demo.stock import sims

#: A plugin of the operator's own (an extension script) that stops the worker inside steps, once at each moment.
_TRAP = '''
"""Kills this worker at the moments in steps that the file `kill-in` lists, one after the other."""

import os
import signal
from pathlib import Path

from trunkline.jobs import engine
from trunkline_provisioning import runner

# A worker lives for seconds here and would spend most of them on warming an Ansible that it never uses.
runner.command = lambda place: ["sleep", "infinity"]

_asked = Path({asked!r})
_call = engine._Run._call


def _die_if_asked(moment):
    moments = _asked.read_text().split() if _asked.exists() else []
    if moments[:1] == [moment]:
        _asked.write_text(" ".join(moments[1:]))
        os.kill(os.getpid(), signal.SIGKILL)


def _trapped(run, kind, step):
    _die_if_asked(f"{{kind.name}}:{{step.direction}}:before")
    outputs = _call(run, kind, step)
    _die_if_asked(f"{{kind.name}}:{{step.direction}}:after")
    return outputs


engine._Run._call = _trapped
'''
_AT_WORK = ("queued", "running", "rolling_back")
STEPS = (
    "catalog.begin",
    "billing.open_charging_account",
    "provisioning.ansible",
    "billing.start_charges",
    "catalog.activate",
    "provisioning.welcome",
)


#: How long a dead worker keeps its job here: as short as leaves `serve` the belief that its worker does not die all the time.
_LEASE_SECONDS = "14"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def system(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[System]:
    monkeypatch.setenv("TRUNKLINE_LEASE_SECONDS", _LEASE_SECONDS)
    with installed(request.param, tmp_path) as system:
        (system.data / "extensions").mkdir(parents=True, exist_ok=True)
        trap = _TRAP.format(asked=str(tmp_path / "kill-in"))
        (system.data / "extensions" / "trap.py").write_text(trap)
        system.start()
        yield system


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """When the worker dies in each step. On PostgreSQL only after it worked, before anybody wrote it down: deaths take time."""
    return ("before", "after") if request.node.callspec.params["system"] == "sqlite" else ("after",)


@pytest.mark.timeout(1500)
def test_killing_the_worker_in_each_step_loses_and_doubles_nothing(
    system: System, api: Api, tmp_path: Path, moments: tuple[str, ...]
) -> None:
    count = len(moments)
    files = write_samples(tmp_path / "files", size=count + 2)
    stock_up(system, files)
    add_product(api)
    asked = tmp_path / "kill-in"
    for moment in moments:
        customer = register(api, f"Customer {moment}", "", f"customer{moment}@correio.example")
        asked.write_text(" ".join(f"{step}:do:{moment}" for step in STEPS))
        workers = system.worker_pids()
        placed = order(api, customer, key=f"order {moment}")
        for died, step in enumerate(STEPS, start=1):
            is_dead = partial(_deaths_left, asked, len(STEPS) - died)
            wait_for(is_dead, f"death {moment} {step}", within=90, explain=lambda: system.log)
            workers = wait_for(partial(_other_workers, system, workers), f"a new worker after {step}")
        over = api.order_is_over(placed["number"], within=90)
        job = over["lines"][0]["job_number"]
        # The line is complete once the service works; the job has the welcome mail left.
        wait_for(partial(_is_over, api, job), f"the end of {job}", within=120)
        assert api.get(f"/jobs/{job}")["state"] == "succeeded", (moment, api.get(f"/jobs/{job}"))
        assert over["state"] == "completed", moment

    # Orders and services: one each, all active.
    assert len(api.get("/catalog/orders", limit="100")["items"]) == count
    states = [row["state"] for row in api.get("/catalog/services", limit="100")["items"]]
    assert states == ["active"] * count
    # Charges: set-up and the rest of the month, once each.
    charges = Counter(
        (c["service_number"], c["kind"]) for c in api.get("/billing/charges", limit="200")["items"]
    )
    assert set(charges.values()) == {1}, charges
    assert len(charges) == 2 * count
    # Network: as many subscribers as lines, each of its own SIM.
    imsis = [card["imsi"] for card in sims(1, count + 2)]
    assert len(wait_for(lambda: subscribers(system.data, imsis), "the HLR")) == count
    # Items: every held one by exactly one service.
    held = [item for item in api.get("/inventory/items", limit="200")["items"] if item["state"] == "assigned"]
    assert len(held) == 2 * count
    # Mail: one welcome each, by its key.
    wait_for(lambda: len(_welcomed(system)) == count, f"{count} welcome mails")
    assert set(Counter(_welcomed(system)).values()) == {1}


def _deaths_left(asked: Path, at_most: int) -> bool:
    return len(asked.read_text().split()) <= at_most


def _other_workers(system: System, before: list[int]) -> list[int]:
    now = system.worker_pids()
    return now if now != before else []


def _is_over(api: Api, job: str) -> bool:
    return api.get(f"/jobs/{job}")["state"] not in _AT_WORK


def _welcomed(system: System) -> list[str]:
    return [
        str(mail["To"]) for mail in system.mails() if re.search(r"customer(before|after)@", str(mail["To"]))
    ]
