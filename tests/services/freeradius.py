"""Debian's FreeRADIUS on free loopback ports, with its users in a PostgreSQL database of its own."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.services.loopback import PATIENCE, free_port
from tests.services.programs import PROGRAMS

SHARED_SECRET = "radius-Shared.9"
#: Where Debian keeps the schema and the queries that belong to it.
SQL = Path("/etc/freeradius/3.0/mods-config/sql/main/postgresql")

CONFIGURATION = """\
prefix = /usr
logdir = {home}
run_dir = {home}
libdir = /usr/lib/freeradius
pidfile = {home}/pid
max_requests = 256
security {{
  allow_core_dumps = no
}}
client localhost {{
  ipaddr = 127.0.0.1
  secret = {secret}
}}
thread pool {{
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
}}
modules {{
  pap {{
  }}
  # The queries use its functions.
  expr {{
  }}
  always reject {{
    rcode = reject
  }}
  sql {{
    dialect = "postgresql"
    driver = "rlm_sql_postgresql"
    server = "{host}"
    port = {database_port}
    login = "{login}"
    password = "{password}"
    radius_db = "{database}"
    read_groups = yes
    read_profiles = yes
    authcheck_table = "radcheck"
    authreply_table = "radreply"
    groupcheck_table = "radgroupcheck"
    groupreply_table = "radgroupreply"
    usergroup_table = "radusergroup"
    acct_table1 = "radacct"
    acct_table2 = "radacct"
    postauth_table = "radpostauth"
    client_table = "nas"
    group_attribute = "SQL-Group"
    sql_user_name = "%{{User-Name}}"
    pool {{
      start = 1
      min = 1
      max = 2
      spare = 1
    }}
    $INCLUDE {queries}
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {port}
  }}
  authorize {{
    sql
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
}}
"""


@dataclass(frozen=True)
class FreeRadius:
    """A running server and its database."""

    port: int
    host: str
    database_port: int
    database: str
    login: str
    password: str
    home: Path

    def forget(self, username: str, attribute: str) -> None:
        """Lose a reply item of a user, as a careless colleague would."""
        with self._database() as connection:
            connection.execute(
                "DELETE FROM radreply WHERE username = %s AND attribute = %s", (username, attribute)
            )

    def remove(self, username: str) -> None:
        """Lose a user altogether; one that is not there is fine."""
        with self._database() as connection:
            for table in ("radcheck", "radreply", "radusergroup"):
                connection.execute(
                    sql.SQL("DELETE FROM {} WHERE username = %s").format(sql.Identifier(table)), (username,)
                )

    def _database(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.host,
            port=self.database_port,
            dbname=self.database,
            user=self.login,
            password=self.password,
            autocommit=True,
        )

    def sign_in(self, username: str, password: str) -> dict[str, str]:
        """Ask as a network access server would; returns the attributes of an Access-Accept, nothing when it is refused."""
        client = PROGRAMS["radclient"].path()
        assert client is not None
        asked = subprocess.run(
            [client, "-x", "-r", "1", "-t", "60", f"127.0.0.1:{self.port}", "auth", SHARED_SECRET],
            input=f'User-Name = "{username}", User-Password = "{password}"\n',
            capture_output=True,
            text=True,
        )
        answer = asked.stdout.partition("Received ")[2]
        assert answer, f"no answer: {asked.stdout}{asked.stderr}\n{(self.home / 'radius.log').read_text()}"
        if not answer.startswith("Access-Accept"):
            return {}
        pairs = [line.partition(" = ") for line in answer.splitlines()[1:]]
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs if value}


@contextmanager
def freeradius(postgres: str) -> Iterator[FreeRadius]:
    """Run the server on a fresh database of the PostgreSQL at the SQLAlchemy URL `postgres`.

    Raises:
        RuntimeError: it is not installed or does not start; the message holds its log.
    """
    program = PROGRAMS["freeradius"].path()
    if program is None:
        raise RuntimeError(f"freeradius is not installed. {PROGRAMS['freeradius'].remedy}")
    url = make_url(postgres)
    name = f"radius_{uuid4().hex[:12]}"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        with psycopg.connect(plain, dbname=name) as connection:
            connection.execute((SQL / "schema.sql").read_bytes())
        with tempfile.TemporaryDirectory(prefix="trunkline-radius-") as folder:
            port = free_port(kind=socket.SOCK_DGRAM)
            server = FreeRadius(
                port,
                url.host or "127.0.0.1",
                url.port or 5432,
                name,
                url.username or "",
                url.password or "",
                Path(folder),
            )
            yield from _running(program, server)
    finally:
        with psycopg.connect(plain, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _running(program: str, server: FreeRadius) -> Iterator[FreeRadius]:
    home = server.home
    (home / "radiusd.conf").write_text(
        CONFIGURATION.format(
            home=home,
            secret=SHARED_SECRET,
            host=server.host,
            database_port=server.database_port,
            login=server.login,
            password=server.password,
            database=server.database,
            queries=SQL / "queries.conf",
            port=server.port,
        )
    )
    (home / "radiusd.conf").chmod(0o600)
    with (home / "radius.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-f", "-l", "stdout", "-d", home, "-n", "radiusd", "-D", "/usr/share/freeradius"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while b"Ready to process requests" not in (home / "radius.log").read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"freeradius does not start: {(home / 'radius.log').read_text()}")
            time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)
