"""Filling the HLR that runs beside the worker in one go, before its first start, for sample data: its file is written, not asked.

Keys are left out. Nobody attaches to a sample network, and a file with all keys in clear would be one place more for them.
"""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from trunkline.config import Config
from trunkline_provisioning.hlr.peer import HlrPlace, osmo_program
from trunkline_provisioning.hlr.simulated import Register
from trunkline_provisioning.hlr.subscriber import MODES, Subscriber


def fill(config: Config, place: HlrPlace, subscribers: Iterable[Subscriber]) -> bool:
    """Have the HLR at `place` hold these from its start; False where that is somebody else's, or has been started already."""
    folder = config.data.resolve() / "hlr"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.kind == "simulated":
        return _fill_simulated(folder / "simulated.db", subscribers)
    return place.kind == "osmo" and _fill_osmo(folder / "hlr.db", subscribers)


def _fill_simulated(database: Path, subscribers: Iterable[Subscriber]) -> bool:
    if database.exists():
        return False
    Register(database)
    rows = [(one.imsi, one.msisdn or None, MODES[one.access]) for one in subscribers]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany("INSERT INTO subscriber (imsi, msisdn, access) VALUES (?, ?, ?)", rows)
    return True


def _fill_osmo(database: Path, subscribers: Iterable[Subscriber]) -> bool:
    tool = shutil.which("osmo-hlr-db-tool", path=str(Path(osmo_program() or "/usr/bin/osmo-hlr").parent))
    if tool is None or database.exists():
        return False
    # It makes the tables of its own version, which the HLR would refuse otherwise.
    made = subprocess.run([tool, "--database", str(database), "create"], capture_output=True)
    if made.returncode:
        return False
    rows = [
        (one.imsi, one.msisdn or None, "cs" in MODES[one.access], "ps" in MODES[one.access])
        for one in subscribers
    ]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO subscriber (imsi, msisdn, nam_cs, nam_ps) VALUES (?, ?, ?, ?)", rows
        )
    return True
