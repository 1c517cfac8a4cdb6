"""Users of FreeRADIUS in its SQL schema: radcheck, radreply and radusergroup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trunkline_provisioning.devices.outcome import MASK, DeviceError, Outcome, is_secret_name, without

if TYPE_CHECKING:
    from psycopg import Connection

#: RFC 2865 5.2 and FreeRADIUS's own attributes that carry a password.
_PASSWORDS = ("Cleartext-Password", "User-Password", "NT-Password", "Crypt-Password", "SSHA2-256-Password")


@dataclass(frozen=True)
class Database:
    """FreeRADIUS's PostgreSQL. `timeout` is seconds for connecting and for each statement."""

    host: str
    name: str = "radius"
    port: int = 5432
    username: str = "radius"
    password: str = field(default="", repr=False)
    sslmode: str = "prefer"
    timeout: float = 10.0

    @property
    def place(self) -> str:
        return f"{self.name} at {self.host}:{self.port}"


#: Attribute, operator, value: one row of radcheck or radreply.
Row = tuple[str, str, str]


@dataclass(frozen=True)
class RadiusUser:
    """All that the tables hold of one user. Groups in their order of priority."""

    check: tuple[Row, ...] = field(default=(), repr=False)
    reply: tuple[Row, ...] = ()
    groups: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """What a person may read."""
        return {
            "check": [_readable(row) for row in self.check],
            "reply": [_readable(row) for row in self.reply],
            "groups": list(self.groups),
        }


def wanted_user(
    password: str,
    check: Mapping[str, Any],
    reply: Mapping[str, Any],
    groups: Sequence[str],
    *,
    password_attribute: str = "Cleartext-Password",  # noqa: S107 — an attribute's name
) -> RadiusUser:
    """A user as rows: check items are compared (`:=`), reply items are set (`=`), a list makes several rows (`+=`)."""
    rows = [(password_attribute, ":=", password)] if password else []
    return RadiusUser(
        tuple(sorted([*rows, *_rows(check, ":=")])), tuple(sorted(_rows(reply, "="))), tuple(groups)
    )


def connect(database: Database, options: str = "") -> "Connection[Any]":
    """A connection to the database, with PostgreSQL's `options` for it. Raises psycopg.Error, which may hold the password."""
    import psycopg

    return psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=database.username,
        password=database.password,
        sslmode=database.sslmode,
        connect_timeout=max(1, round(database.timeout)),
        options=options,
        application_name="trunkline",
    )


def keep(database: Database, username: str, wanted: RadiusUser | None, *, dry_run: bool = False) -> Outcome:
    """Make the tables hold exactly `wanted` of the user, or nothing. Raises DeviceError; then nothing has changed."""
    import psycopg

    hidden = [database.password] + [
        row[2] for row in (wanted.check if wanted else ()) if row[0] in _PASSWORDS
    ]
    try:
        with connect(database, f"-c statement_timeout={int(database.timeout * 1000)}") as connection:
            # Two runs for one user would else both find the same rows and both add theirs.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"radius:{username}",))
            return _keep(connection, database, username, wanted, dry_run)
    except psycopg.Error as error:
        said = " ".join(without(str(error), hidden).split())
        raise DeviceError(f"RADIUS database {database.place}: {said}") from None


def _keep(
    connection: "Connection[Any]", database: Database, username: str, wanted: RadiusUser | None, dry_run: bool
) -> Outcome:
    held = _read(connection, username)
    before, after = held.told() if held else None, wanted.told() if wanted else None
    if held == wanted:
        state = "already as wanted" if wanted else "already absent"
        return Outcome(False, f"{username} in {database.place}: {state}", before, before)
    if not dry_run:
        _write(connection, username, wanted)
    words = _words(held, wanted)
    return Outcome(True, f"{username} in {database.place}: {words}", before, after)


def _words(held: RadiusUser | None, wanted: RadiusUser | None) -> str:
    if wanted is None:
        return "removed"
    if held is None:
        return "added"
    parts = ("check", "reply", "groups")
    return f"changed {', '.join(part for part in parts if getattr(held, part) != getattr(wanted, part))}"


def _read(connection: "Connection[Any]", username: str) -> RadiusUser | None:
    def rows(table: str) -> tuple[Row, ...]:
        found = connection.execute(
            f"SELECT attribute, op, value FROM {table} WHERE username = %s",  # noqa: S608 — tables of the schema
            (username,),
        ).fetchall()
        return tuple(sorted((attribute, op.strip(), value) for attribute, op, value in found))

    groups = connection.execute(
        "SELECT groupname FROM radusergroup WHERE username = %s ORDER BY priority, id", (username,)
    ).fetchall()
    user = RadiusUser(rows("radcheck"), rows("radreply"), tuple(name for (name,) in groups))
    return user if user != RadiusUser() else None


def _write(connection: "Connection[Any]", username: str, wanted: RadiusUser | None) -> None:
    for table in ("radcheck", "radreply", "radusergroup"):
        connection.execute(f"DELETE FROM {table} WHERE username = %s", (username,))  # noqa: S608 — tables of the schema
    if wanted is None:
        return
    cursor = connection.cursor()
    for table, rows in (("radcheck", wanted.check), ("radreply", wanted.reply)):
        cursor.executemany(
            f"INSERT INTO {table} (username, attribute, op, value) VALUES (%s, %s, %s, %s)",  # noqa: S608 — tables of the schema
            [(username, *row) for row in rows],
        )
    cursor.executemany(
        "INSERT INTO radusergroup (username, groupname, priority) VALUES (%s, %s, %s)",
        [(username, name, priority) for priority, name in enumerate(wanted.groups, 1)],
    )


def _rows(attributes: Mapping[str, Any], operator: str) -> list[Row]:
    rows: list[Row] = []
    for name, value in attributes.items():
        several = isinstance(value, list | tuple)
        for position, one in enumerate(value if several else [value]):
            rows.append((str(name), "+=" if several and position else operator, str(one)))
    return rows


def _readable(row: Row) -> str:
    attribute, operator, value = row
    hide = attribute in _PASSWORDS or is_secret_name(attribute)
    return f"{attribute} {operator} {MASK if hide else value}"
