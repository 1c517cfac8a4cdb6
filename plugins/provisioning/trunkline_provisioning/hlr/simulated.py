"""Simulated HLR: the part of OsmoHLR's VTY that provisioning uses, over a SQLite file of its own.

For machines without osmo-hlr. It says what it is in its banner and prompt, so that nobody takes it for a network element.
Run as `python -m trunkline_provisioning.hlr.simulated --host H --port P --database FILE`.
"""

import argparse
import re
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trunkline_provisioning.hlr.subscriber import SIMULATED

BANNER = f"""\
Welcome to the {SIMULATED} of Trunkline

No network element: subscribers are rows of a file, nobody can attach to it.
"""
PROMPT = "SimulatedHLR"

_SCHEMA = """\
CREATE TABLE IF NOT EXISTS subscriber (
  id INTEGER PRIMARY KEY, imsi TEXT NOT NULL UNIQUE, msisdn TEXT UNIQUE, ki TEXT, opc TEXT, access TEXT NOT NULL DEFAULT 'cs+ps'
)"""
_COLUMNS = "id, imsi, msisdn, ki, opc, access"


class Register:
    """The subscribers, and the answers to commands about them. Safe for several threads."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._lock = threading.Lock()
        database.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as connection:
            connection.execute(_SCHEMA)
        database.chmod(0o600)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, isolation_level=None)

    def answer(self, command: str) -> list[str]:
        """The answer's lines to one command, in OsmoHLR's words."""
        with self._lock, closing(self._open()) as connection:
            for pattern, handler in _COMMANDS:
                if match := pattern.fullmatch(command.strip()):
                    return handler(connection, **match.groupdict())
        return ["% Unknown command."]


def _create(db: sqlite3.Connection, imsi: str) -> list[str]:
    if not re.fullmatch(r"\d{6,15}", imsi):
        return [f"% Not a valid IMSI: {imsi}"]
    try:
        db.execute("INSERT INTO subscriber (imsi) VALUES (?)", (imsi,))
    except sqlite3.IntegrityError:
        return [f"% Subscriber already exists for IMSI = {imsi}"]
    return [f"% Created subscriber {imsi}", *_show(db, "imsi", imsi)]


def _show(db: sqlite3.Connection, by: str, value: str) -> list[str]:
    # `by` is one of two words of the pattern below, never text from the network.
    row = db.execute(f"SELECT {_COLUMNS} FROM subscriber WHERE {by} = ?", (value,)).fetchone()  # noqa: S608 — constants of this module
    if row is None:
        return [f"% No subscriber for {by} = '{value}'"]
    key, imsi, msisdn, ki, opc, access = row
    lines = [f"    ID: {key}", f"    IMSI: {imsi}", f"    MSISDN: {msisdn or 'none'}"]
    lines += ["    CS disabled"] if access in ("none", "ps") else []
    lines += ["    PS disabled"] if access in ("none", "cs") else []
    if ki:
        lines += [
            "    3G auth: MILENAGE",
            f"             K={ki}",
            f"             OPC={opc}",
            "             IND-bitlen=5",
        ]
    return lines


def _absent(db: sqlite3.Connection, imsi: str) -> list[str]:
    found = db.execute("SELECT 1 FROM subscriber WHERE imsi = ?", (imsi,)).fetchone()
    return [] if found else [f"% No subscriber for imsi = '{imsi}'"]


def _set_msisdn(db: sqlite3.Connection, imsi: str, msisdn: str) -> list[str]:
    if absent := _absent(db, imsi):
        return absent
    if msisdn != "none" and not re.fullmatch(r"\d{1,15}", msisdn):
        return [f"% MSISDN invalid: '{msisdn}'"]
    try:
        db.execute(
            "UPDATE subscriber SET msisdn = ? WHERE imsi = ?", (None if msisdn == "none" else msisdn, imsi)
        )
    except sqlite3.IntegrityError:
        return [f"% Error: cannot update MSISDN for subscriber IMSI='{imsi}'"]
    if msisdn == "none":
        return [f"% Updated subscriber IMSI='{imsi}': removed MSISDN"]
    return [f"% Updated subscriber IMSI='{imsi}' to MSISDN='{msisdn}'"]


def _set_keys(db: sqlite3.Connection, imsi: str, ki: str, opc: str) -> list[str]:
    if absent := _absent(db, imsi):
        return absent
    for name, key in (("K", ki), ("OPC", opc)):
        if not re.fullmatch(r"[0-9a-fA-F]{32}", key):
            return [f"% Invalid value for {name}: '{key}'"]
    db.execute("UPDATE subscriber SET ki = ?, opc = ? WHERE imsi = ?", (ki.lower(), opc.lower(), imsi))
    return []


def _drop_keys(db: sqlite3.Connection, imsi: str) -> list[str]:
    db.execute("UPDATE subscriber SET ki = NULL, opc = NULL WHERE imsi = ?", (imsi,))
    return _absent(db, imsi)


def _set_access(db: sqlite3.Connection, imsi: str, access: str) -> list[str]:
    db.execute("UPDATE subscriber SET access = ? WHERE imsi = ?", (access, imsi))
    return _absent(db, imsi)


def _delete(db: sqlite3.Connection, imsi: str) -> list[str]:
    if absent := _absent(db, imsi):
        return absent
    db.execute("DELETE FROM subscriber WHERE imsi = ?", (imsi,))
    return [f"% Deleted subscriber for IMSI '{imsi}'"]


def _list(db: sqlite3.Connection) -> list[str]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM subscriber ORDER BY id").fetchall()  # noqa: S608 — constants of this module
    lines = [
        "ID     MSISDN        IMSI              IMEI              NAM",
        "-----  ------------  ----------------  ----------------  -----",
    ]
    lines += [
        f"{row[0]:<5}  {row[2] or 'none':<12}  {row[1]:<16}   -------------    {_LISTED.get(row[5], '')}".rstrip()
        for row in rows
    ]
    return [*lines, f" Subscribers Shown: {len(rows)}"]


#: How the list shows the network access mode; nothing for neither.
_LISTED = {"cs+ps": "CSPS", "cs": "CS", "ps": "    PS"}

_COMMANDS: tuple[tuple[re.Pattern[str], Callable[..., list[str]]], ...] = (
    (re.compile(r"enable|"), lambda db: []),
    (re.compile(r"show subscribers all"), _list),
    (re.compile(r"subscriber imsi (?P<imsi>\S+) create"), _create),
    (re.compile(r"subscriber (?P<by>imsi|msisdn) (?P<value>\S+) show"), _show),
    (re.compile(r"subscriber imsi (?P<imsi>\S+) update msisdn (?P<msisdn>\S+)"), _set_msisdn),
    (
        re.compile(r"subscriber imsi (?P<imsi>\S+) update aud3g milenage k (?P<ki>\S+) opc (?P<opc>\S+)"),
        _set_keys,
    ),
    (re.compile(r"subscriber imsi (?P<imsi>\S+) update aud3g none"), _drop_keys),
    (
        re.compile(r"subscriber imsi (?P<imsi>\S+) update network-access-mode (?P<access>none|cs|ps|cs\+ps)"),
        _set_access,
    ),
    (re.compile(r"subscriber imsi (?P<imsi>\S+) delete"), _delete),
)


class _Dialogue(socketserver.StreamRequestHandler):
    server: "Server"

    def handle(self) -> None:
        sign = ">"
        self._say(BANNER, sign)
        for raw in self.rfile:
            command = raw.decode(errors="replace").strip()
            if command in ("exit", "quit"):
                return
            sign = "#" if command == "enable" else sign
            lines = [command, *self.server.register.answer(command)]
            self._say("\n".join(lines) + "\n", sign)

    def _say(self, text: str, sign: str) -> None:
        self.wfile.write(f"{text}{PROMPT}{sign} ".replace("\n", "\r\n").encode())


class Server(socketserver.ThreadingTCPServer):
    """Listens for operators on one address; a thread each."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, database: Path) -> None:
        self.register = Register(database)
        super().__init__((host, port), _Dialogue)


@contextmanager
def serving(database: Path, host: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """A simulated HLR in a thread of this process, for tests; yields its address."""
    with Server(host, port, database) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield host, server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=SIMULATED)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4258)
    parser.add_argument("--database", type=Path, required=True)
    arguments = parser.parse_args()
    with Server(arguments.host, arguments.port, arguments.database) as server:
        print(f"{SIMULATED} on {arguments.host}:{arguments.port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
