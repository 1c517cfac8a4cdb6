"""`./run bench killing`: orders are worked on while `kill -9` hits worker, fork server and web process at random moments.

At the end every order is complete, with one service, one subscriber in the HLR and one pair of items each, and set-up and rent
charged once. The suite plays a few chosen moments (`tests/line/test_killed_worker.py`), this `--moments` random ones of each
process. The last line printed is one JSON object; the status is 1 when anything was lost or doubled.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

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
_AT_WORK = ("queued", "running", "rolling_back")


def main() -> int:
    """Play the series, print what became of it, and return 1 when anything is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moments", type=int, default=50, help="of each process")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", choices=tuple(_MARKS), help="one process instead of all")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    # A death is noticed when the lease runs out; waiting is most of the series.
    os.environ.setdefault("TRUNKLINE_LEASE_SECONDS", "4")
    dice = random.Random(chosen.seed)
    targets = [chosen.only] if chosen.only else list(_MARKS)
    moments = [target for target in targets for _ in range(chosen.moments)]
    dice.shuffle(moments)
    with tempfile.TemporaryDirectory(prefix="trunkline-killing-") as name:
        faults, counts = _play(Path(name), chosen.database, moments, dice)
    for fault in faults:
        print(f"WRONG: {fault}")
    print(json.dumps({"seed": chosen.seed, "killed": counts, "wrong": len(faults)}))
    return 1 if faults else 0


def _play(
    folder: Path, database: str, moments: list[str], dice: random.Random
) -> tuple[list[str], dict[str, int]]:
    with installed(database, folder) as system:
        stock_up(system, write_samples(folder / "files", size=len(moments) + 2))
        system.start()
        api = Api(system, ADMINISTRATOR, PASSWORD)
        add_product(api)
        customer = register(api, "Killed Often", "", "often@correio.example")
        killed: Counter[str] = Counter()
        jobs = []
        for number, target in enumerate(moments):
            blow = threading.Timer(dice.uniform(0.0, 2.5), _kill, (system, target, killed))
            blow.start()
            # The program repeats what got no answer, under the same key.
            placed = _patiently(system, api, partial(order, api, customer, key=f"order {number}"))
            jobs.append(placed["lines"][0]["job_number"])
            blow.join()
            state = _end_of(system, api, jobs[-1])
            print(f"{number + 1}/{len(moments)}  {target:12} {jobs[-1]} {state}", flush=True)
        _patiently(system, api, lambda: api.get("/catalog/orders", limit="1"))
        return _wrong(system, api, jobs), dict(killed)


def _kill(system: System, target: str, killed: Counter[str]) -> None:
    """Kill -9 of the process, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid in descendants(system.process.pid if system.process else 0):
            if _is(pid, target):
                os.kill(pid, signal.SIGKILL)
                killed[target] += 1
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
    deadline = time.monotonic() + 120
    while True:
        try:
            return ask()
        except (AssertionError, httpx2.HTTPError) as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer within two minutes: {error}") from error
            if ": 401 " in str(error):
                api.client.headers.update(Api(system, ADMINISTRATOR, PASSWORD).client.headers)
        time.sleep(0.2)


def _end_of(system: System, api: Api, job: str) -> str:
    def over() -> str:
        state = str(_patiently(system, api, lambda: api.get(f"/jobs/{job}"))["state"])
        return "" if state in _AT_WORK else state

    return wait_for(over, f"the end of {job}", within=180)


def _wrong(system: System, api: Api, jobs: list[str]) -> list[str]:
    """Everything that is not as it must be, in words."""
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
    imsis = [card["imsi"] for card in sims(1, count + 2)]
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
