"""`./run bench killing`: orders are worked on while `kill -9` hits worker, fork server and web process at random moments.

At the end every order is complete, with one service, one subscriber in the HLR and one pair of items each, and set-up and rent
charged once. The suite plays a few chosen moments (`tests/line/test_killed_worker.py`), this `--moments` random ones of each
process, some of worker and web process at once. After every ten blows, and at the end, everything is looked through; Ctrl-C ends
a series early, and it counts for what it played: `--seed` and `--after`, which its last lines name, go on where it stood. A slow
machine is waited for as long as the system gets on (`Patience`). The last line printed is one JSON object; the status is 1 when
anything was lost or doubled.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.line.api import Api
from tests.line.line import add_product, order, register, stock_up
from tests.line.network import subscribers
from tests.line.samples import write_samples
from tests.line.system import ADMINISTRATOR, PASSWORD, System, installed, wait_for
from trunkline.demo.stock import sims
from trunkline_provisioning.process_tree import descendants
from trunkline_provisioning.run_folder import PREFIX, folder_root

_MARKS = {
    "worker": "trunkline.child worker",
    "fork server": "trunkline_provisioning.fork_server",
    "web": "trunkline.child web",
}
#: What a blow hits, and within how many seconds after an order is placed it falls: about as long as there is work for it.
_REACH = {"worker": 2.5, "fork server": 2.0, "web": 0.8, "web and worker": 2.5}
_HITS = {name: tuple(process for process in _MARKS if process in name.split(" and ")) for name in _REACH}
#: One death in so many of worker and web process is of both at once.
_BOTH = 4
_AT_WORK = ("queued", "running", "rolling_back")
#: After so many blows everything is looked through.
_LOOKS_EVERY = 10
#: `serve` as it is, but for giving up after five deaths of a process within a minute, which are many fewer than are played here.
_TIRELESS = "import sys; from trunkline import serve; serve._RESTARTS = sys.maxsize; from trunkline.cli import main; main()"


def main() -> int:
    """Play the series, print what became of it, and return 1 when anything is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moments", type=int, default=50, help="deaths of each process")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--after", type=int, default=0, help="how many of this seed are played already")
    parser.add_argument("--only", choices=tuple(_REACH), help="one kind of blow instead of all")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    # A death is noticed when the lease runs out; waiting is most of the series.
    os.environ.setdefault("TRUNKLINE_LEASE_SECONDS", "4")
    series = Series(_blows(chosen.seed, chosen.moments, chosen.only)[chosen.after :])
    signal.signal(signal.SIGINT, series.end_early)
    signal.signal(signal.SIGTERM, series.end_early)
    with tempfile.TemporaryDirectory(prefix="trunkline-killing-") as name:
        series.play(Path(name), chosen.database)
    for kind in _REACH:
        print(
            f"{series.killed[kind]:4} blows at {kind}, {series.at_work[kind]} of them while its job was at work"
        )
    for fault in series.wrong:
        print(f"WRONG: {fault}")
    print(json.dumps({"seed": chosen.seed, "after": chosen.after + len(series.jobs), **series.figures()}))
    return 1 if series.wrong else 0


def _blows(seed: int, moments: int, only: str | None) -> list[tuple[str, float]]:
    """What dies when after its order was placed; the same for the same seed."""
    dice = random.Random(seed)
    both = moments // _BOTH
    counts = {"worker": moments - both, "fork server": moments, "web": moments - both, "web and worker": both}
    targets = (
        [name for name, count in counts.items() for _ in range(count)] if only is None else [only] * moments
    )
    dice.shuffle(targets)
    return [(target, dice.uniform(0.0, _REACH[target])) for target in targets]


class Tireless(System):
    """A system whose `serve` starts its processes again however often they die."""

    def command(self, *arguments: str) -> list[str]:
        if arguments[0] == "serve":
            return [sys.executable, "-c", _TIRELESS, *arguments]
        return super().command(*arguments)


class Patience:
    """Lasts while a system gets on, however slowly: what counts is the processor time that it gets.

    Of one that stands still a fifth of the clock's counts.
    """

    SECONDS = 150.0

    def __init__(self, system: System) -> None:
        self._system, self._began, self._used = system, time.monotonic(), _processor_seconds(system)

    @property
    def is_over(self) -> bool:
        """Whether it is lost. Asking costs a look at each process."""
        waited = time.monotonic() - self._began
        return waited / 5 + max(0.0, _processor_seconds(self._system) - self._used) > self.SECONDS

    def require(self, what: str) -> None:
        """Fail when it is over."""
        if self.is_over:
            pytest.fail(f"{what} did not come within {time.monotonic() - self._began:.0f} s")


def _processor_seconds(system: System) -> float:
    """What `serve`, all below it and those of them that have ended have used."""
    ticks = 0
    top = system.process.pid if system.process else 0
    for pid in (top, *descendants(top)):
        with suppress(OSError, IndexError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, words[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class Series:
    """Deaths to play, and what became of those that were."""

    blows: list[tuple[str, float]]
    jobs: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    #: How many of them fell while the order's job was not over.
    at_work: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _stopped: bool = False

    def end_early(self, *_signal: object) -> None:
        """Play nothing further than the moment at hand."""
        self._stopped = True

    def figures(self) -> dict[str, Any]:
        """What the last line says."""
        return {
            "played": len(self.jobs),
            "blows": dict(self.killed),
            "at_work": dict(self.at_work),
            "deaths": {
                process: sum(count for kind, count in self.killed.items() if process in _HITS[kind])
                for process in _MARKS
            },
            "wrong": len(self.wrong),
        }

    def play(self, folder: Path, database: str) -> None:
        """Let every blow fall on an order of its own, until something is wrong."""
        with installed(database, folder) as plain:
            stock_up(plain, write_samples(folder / "files", size=len(self.blows) + 2))
            system = Tireless(**vars(plain))
            try:
                self._play_on(system)
            finally:
                system.stop()

    def _play_on(self, system: System) -> None:
        system.start()
        api = Api(system, ADMINISTRATOR, PASSWORD)
        add_product(api)
        customer = register(api, "Killed Often", "", "often@correio.example")
        try:
            self._play(system, api, customer)
        except pytest.fail.Exception as error:
            self.wrong.append(str(error))
        if self.wrong:
            _keep(system)

    def _play(self, system: System, api: Api, customer: str) -> None:
        for number, (target, after) in enumerate(self.blows, start=1):
            self._order(system, api, customer, target, after)
            if number % _LOOKS_EVERY == 0 or number == len(self.blows) or self._stopped:
                _patiently(system, api, lambda: api.get("/catalog/orders", limit="1"))
                self.wrong = _wrong(system, api, self.jobs, len(self.blows))
                print(f"  looked through: {json.dumps(self.figures())}", flush=True)
            if self.wrong or self._stopped:
                return

    def _order(self, system: System, api: Api, customer: str, target: str, after: float) -> None:
        number, struck = len(self.jobs) + 1, list[datetime]()
        blow = threading.Timer(after, _kill, (system, target, struck))
        blow.start()
        # The program repeats what got no answer, under the same key.
        placed = _patiently(system, api, partial(order, api, customer, key=f"order {number}"))
        self.jobs.append(placed["lines"][0]["job_number"])
        blow.join()
        job = _end_of(system, api, self.jobs[-1])
        self.killed[target] += len(struck)
        at_work = sum(moment < datetime.fromisoformat(job["finished_at"]) for moment in struck)
        self.at_work[target] += at_work
        print(
            f"{number}/{len(self.blows)}  {target:14} after {after:.3f} s, {'at work' if at_work else 'idle':8}"
            f" {job['number']} {job['state']}",
            flush=True,
        )


def _keep(system: System) -> None:
    """Keep the folder of a system where something is wrong, for whoever looks for the root."""
    place = tempfile.mkdtemp(prefix="trunkline-killed-")
    system.stop()
    shutil.copytree(system.folder, place, dirs_exist_ok=True)
    print(f"the system's folder is kept in {place}", flush=True)


def _kill(system: System, target: str, struck: list[datetime]) -> None:
    """Kill -9 of what is hit, as soon as it is all there; `struck` takes the moment."""
    patience = Patience(system)
    while not patience.is_over:
        below = descendants(system.process.pid if system.process else 0)
        found = [next((pid for pid in below if _is(pid, process)), None) for process in _HITS[target]]
        pids = [pid for pid in found if pid is not None]
        if len(pids) == len(found):
            with suppress(ProcessLookupError):
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                struck.append(datetime.now(UTC))
                return
        time.sleep(0.02)


def _is(pid: int, target: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        above = Path(f"/proc/{parent}/cmdline").read_text().replace("\0", " ")
    except (OSError, ValueError):
        return False
    # A fork of it has its name.
    return _MARKS[target] in words and _MARKS[target] not in above


def _patiently(system: System, api: Api, ask: Callable[[], Any]) -> Any:
    """The answer, asked for again while the web process is away; signs in anew when that has run out."""
    patience = Patience(system)
    while True:
        try:
            return ask()
        except (AssertionError, httpx2.HTTPError) as error:
            patience.require(f"an answer ({error})")
            if ": 401 " in str(error):
                with suppress(AssertionError, httpx2.HTTPError):
                    api.client.headers.update(Api(system, ADMINISTRATOR, PASSWORD).client.headers)
        time.sleep(0.2)


def _end_of(system: System, api: Api, job: str) -> dict[str, Any]:
    patience = Patience(system)
    while True:
        found: dict[str, Any] = _patiently(system, api, lambda: api.get(f"/jobs/{job}"))
        if found["state"] not in _AT_WORK:
            return found
        patience.require(f"the end of {job}")
        time.sleep(0.1)


def _wrong(system: System, api: Api, jobs: list[str], cards: int) -> list[str]:
    """Everything that is not as it must be, in words, with `cards` SIMs in stock."""
    found, count = [], len(jobs)
    states = Counter(str(api.get(f"/jobs/{job}")["state"]) for job in jobs)
    if states != {"succeeded": count}:
        found.append(f"jobs ended as {dict(states)}")
    services = Counter(row["state"] for row in _all(api, "/catalog/services"))
    if services != {"active": count}:
        found.append(f"services are {dict(services)}")
    charges = Counter((row["service_number"], row["kind"]) for row in _all(api, "/billing/charges"))
    if len(charges) != 2 * count or set(charges.values()) != {1}:
        found.append(
            f"{len(charges)} charges for {count} services, at most {max(charges.values(), default=0)} of a kind"
        )
    held = Counter(row["state"] for row in _all(api, "/inventory/items"))
    if held["assigned"] != 2 * count or held["reserved"]:
        found.append(f"items are {dict(held)}")
    imsis = [card["imsi"] for card in sims(1, cards + 2)]
    known = wait_for(lambda: subscribers(system.data, imsis), "the HLR")
    if len(known) != count:
        found.append(f"the HLR knows {len(known)} subscribers")
    left = [path.name for path in folder_root().glob(f"{PREFIX}*") if _owner(path) in system.worker_pids()]
    if left:
        found.append(f"folders of runs are left: {left}")
    return found


def _owner(path: Path) -> int:
    return int(path.name.split("-")[2])


def _all(api: Api, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    parameters = {"limit": "100"}
    while True:
        page = api.get(path, **parameters)
        rows += page["items"]
        if not page.get("next"):
            return rows
        parameters["cursor"] = page["next"]


if __name__ == "__main__":
    sys.exit(main())
