"""Reading users of FreeRADIUS back from its SQL tables. Passwords are never read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trunkline.i18n import gettext as _
from trunkline_provisioning.devices.outcome import DeviceError, is_secret_name, without
from trunkline_provisioning.devices.radius import Database, connect, keep
from trunkline_provisioning.network_audit.readers import Holding, Options, Reader, ReadError

if TYPE_CHECKING:
    from psycopg import Connection

_ROWS_AT_ONCE = 2_000
#: One row for each attribute and group; values of check items that carry a password stay in the database.
_ALL = """
SELECT username, 'check' AS part, attribute AS name,
       CASE WHEN attribute ILIKE '%%password%%' THEN '' ELSE value END AS value, 0 AS place FROM radcheck
UNION ALL SELECT username, 'reply', attribute, value, 0 FROM radreply
UNION ALL SELECT username, 'groups', groupname, groupname, priority FROM radusergroup
"""
_IN_ORDER = " ORDER BY 1, 2, 5, 3, 4"


def _database(options: Options) -> Database:
    return Database(
        str(options["host"]),
        str(options.get("database") or "radius"),
        int(options.get("port") or 5432),
        str(options.get("login") or "radius"),
        str(options.get("login_password") or ""),
        str(options.get("sslmode") or "prefer"),
    )


def _place(options: Options) -> str:
    return f"RADIUS {_database(options).place}"


def _wanted(options: Options) -> Holding | None:
    if options.get("state", "present") != "present":
        return None
    fields: dict[str, str] = {}
    for part in ("check", "reply"):
        for name, value in (options.get(part) or {}).items():
            if not is_secret_name(str(name)):
                several = value if isinstance(value, list | tuple) else [value]
                fields[f"{part} {name}"] = ", ".join(sorted(map(str, several)))
    if groups := options.get("groups"):
        fields["groups"] = ", ".join(map(str, groups))
    return Holding(str(options["username"]), fields)


@contextmanager
def _connected(options: Options) -> Iterator["Connection[Any]"]:
    import psycopg

    database = _database(options)
    try:
        with connect(database) as connection:
            yield connection
    except psycopg.Error as error:
        said = " ".join(without(str(error), [database.password]).split())
        raise ReadError(f"RADIUS database {database.place}: {said}") from None


def _grouped(rows: Iterator[Any]) -> Iterator[Holding]:
    username, fields = None, dict[str, list[str]]()
    for name, part, attribute, value, _place_of in rows:
        if name != username:
            if username is not None:
                yield _holding(username, fields)
            username, fields = name, {}
        if part == "check" and is_secret_name(attribute):
            continue
        fields.setdefault("groups" if part == "groups" else f"{part} {attribute}", []).append(value)
    if username is not None:
        yield _holding(username, fields)


def _holding(username: str, fields: dict[str, list[str]]) -> Holding:
    return Holding(
        username,
        {name: ", ".join(values if name == "groups" else sorted(values)) for name, values in fields.items()},
    )


def _one(options: Options, wanted: Holding) -> Holding | None:
    with _connected(options) as connection:
        asked = f"SELECT * FROM ({_ALL}) AS held WHERE username = %s{_IN_ORDER}"  # noqa: S608 — constants of this module
        rows = connection.execute(asked, (wanted.key,)).fetchall()
    return next(_grouped(iter(rows)), None)


def _everything(options: Options) -> Iterator[Holding]:
    with _connected(options) as connection, connection.cursor(name="trunkline_audit") as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        cursor.execute(_ALL.replace("%%", "%") + _IN_ORDER)
        yield from _grouped(iter(cursor))


def _remove(options: Options, key: str) -> str:
    try:
        return keep(_database(options), key, None).message
    except DeviceError as error:
        raise ReadError(str(error)) from error


READER = Reader(
    "trunkline.telecom.radius_user",
    _("RADIUS"),
    (
        "host",
        "port",
        "database",
        "login",
        "login_password",
        "sslmode",
        "username",
        "check",
        "reply",
        "groups",
        "state",
    ),
    _place,
    _wanted,
    _one,
    _everything,
    _remove,
    exact=True,
)
