"""What is asked of the directory: who is meant by a name, whether a password is right, and in which groups somebody is."""

import logging
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.auth.role_map import roles_for
from trunkline_ldap.connection import Outages, address_of, check_password, ldap3, searching
from trunkline_ldap.settings import LdapSettings

log = logging.getLogger(__name__)
ORIGIN = "ldap"
_ATTRIBUTES = "entryUUID objectGUID mail userPrincipalName displayName cn uid userAccountControl pwdAccountLockedTime".split()
#: ACCOUNTDISABLE of userAccountControl (MS-ADTS 2.2.16).
_DISABLED = 0x2
#: What pwdAccountLockedTime says of an account that an administrator closed (draft-behera-ldap-password-policy, 5.3.3); other
#: times pass by themselves, and until then the directory refuses the password itself.
_CLOSED_FOR_GOOD = "000001010000Z"
#: LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3).
_IN_CHAIN = "1.2.840.113556.1.4.1941"
_MOST_GROUPS = 1000


@dataclass(frozen=True)
class Entry:
    """Somebody in the directory. `external_id` never changes there."""

    dn: str
    external_id: str
    email: str
    name: str
    uid: str
    is_disabled: bool


@dataclass(frozen=True)
class Group:
    """A group that somebody is in, directly or through others."""

    dn: str
    name: str


def authenticate(
    settings: LdapSettings, outages: Outages, name: str, secret: str
) -> tuple[Entry, list[Group]] | None:
    """Who has this name and password, with their groups; None when nobody has.

    An unknown name is tried at the directory as well, under a name that nobody has, so that the answer takes as long.
    Raises Unavailable when no server answers.
    """
    if not secret or "\0" in secret:
        # A directory takes an empty password for no password at all and lets anybody pass (RFC 4513, 5.1.2).
        return None
    with searching(settings, outages) as connection:
        entry = find(connection, settings, name)
        dn = entry.dn if entry is not None else f"cn={secrets.token_hex(8)},{settings.user_base}"
        right = check_password(settings, address_of(connection), dn, secret)
        if entry is None or not right:
            return None
        return entry, groups_of(connection, settings, entry)


def find(connection: Any, settings: LdapSettings, name: str) -> Entry | None:
    """The one person meant by `name`; None for nobody and for several."""
    from ldap3.utils.conv import escape_filter_chars

    found = _search(
        connection,
        settings.user_base,
        settings.user_filter.replace("{name}", escape_filter_chars(name.strip())),
        _ATTRIBUTES,
    )
    if len(found) > 1:
        log.warning(
            "ldap: several people are meant by one name, so none is let in: %s", [dn for dn, _ in found]
        )
    return _entry(*found[0]) if len(found) == 1 else None


def by_external_id(connection: Any, settings: LdapSettings, external_id: str) -> Entry | None:
    """The person with this entryUUID or objectGUID; None when there is none any more."""
    from ldap3.utils.conv import escape_bytes

    guid = escape_bytes(uuid.UUID(external_id).bytes_le)
    found = _search(
        connection, settings.user_base, f"(|(entryUUID={external_id})(objectGUID={guid}))", _ATTRIBUTES
    )
    return _entry(*found[0]) if found else None


def groups_of(connection: Any, settings: LdapSettings, entry: Entry) -> list[Group]:
    """The groups of a person, those that hold groups of theirs included where the settings say so."""
    from ldap3.utils.conv import escape_filter_chars

    if not settings.group_base:
        return []
    if settings.group_nesting == "active_directory":
        rule = f"(member:{_IN_CHAIN}:={escape_filter_chars(entry.dn)})"
        return _groups(connection, settings, [rule])
    found: dict[str, Group] = {}
    rules = [*_holding(entry.dn)]
    if entry.uid:
        rules.append(f"(memberUid={escape_filter_chars(entry.uid)})")
    while rules and len(found) < _MOST_GROUPS:
        fresh = [group for group in _groups(connection, settings, rules) if group.dn not in found]
        found |= {group.dn: group for group in fresh}
        if settings.group_nesting == "direct":
            break
        rules = [rule for group in fresh for rule in _holding(group.dn)]
    return list(found.values())


def roles_of(settings: LdapSettings, groups: Iterable[Group]) -> tuple[str, ...]:
    """Names of the roles that these groups give."""
    names = [name for group in groups for name in (_comparable(group.dn), group.name)]
    mapping = {
        role: [_comparable(name) for name in wanted] for role, wanted in settings.roles_by_group.items()
    }
    return roles_for(names, mapping, settings.fallback_role)


def _holding(dn: str) -> list[str]:
    from ldap3.utils.conv import escape_filter_chars

    return [f"({attribute}={escape_filter_chars(dn)})" for attribute in ("member", "uniqueMember")]


def _groups(connection: Any, settings: LdapSettings, rules: Sequence[str]) -> list[Group]:
    found = _search(connection, settings.group_base, f"(|{''.join(rules)})", ["cn"])
    return [Group(dn, _text(values, "cn")) for dn, values in found]


def _search(
    connection: Any, base: str, wanted: str, attributes: Sequence[str]
) -> list[tuple[str, Mapping[str, list[bytes]]]]:
    library = ldap3()
    try:
        connection.search(base, wanted, library.SUBTREE, attributes=list(attributes))
    except library.core.exceptions.LDAPNoSuchObjectResult:
        return []
    return [
        (item["dn"], {name.lower(): values for name, values in item["raw_attributes"].items()})
        for item in connection.response or ()
        if item["type"] == "searchResEntry"
    ]


def _entry(dn: str, values: Mapping[str, list[bytes]]) -> Entry | None:
    external_id = _text(values, "entryuuid").lower()
    if not external_id and values.get("objectguid"):
        external_id = str(uuid.UUID(bytes_le=values["objectguid"][0]))
    if not external_id:
        log.warning("ldap: %s has neither entryUUID nor objectGUID, so it cannot be told from others", dn)
        return None
    control = _text(values, "useraccountcontrol")
    return Entry(
        dn=dn,
        external_id=external_id,
        email=_text(values, "mail") or _text(values, "userprincipalname"),
        name=_text(values, "displayname") or _text(values, "cn"),
        uid=_text(values, "uid"),
        is_disabled=(control.lstrip("-").isdigit() and bool(int(control) & _DISABLED))
        or _text(values, "pwdaccountlockedtime") == _CLOSED_FOR_GOOD,
    )


def _text(values: Mapping[str, list[bytes]], name: str) -> str:
    found = values.get(name) or [b""]
    return found[0].decode("utf-8", "replace")


def _comparable(name: str) -> str:
    """A distinguished name as it compares: without blanks between its parts, in one case."""
    from ldap3.core.exceptions import LDAPInvalidDnError
    from ldap3.utils.dn import parse_dn

    if "=" not in name:
        return name
    try:
        return ",".join(
            f"{kind}={value}" for kind, value, _separator in parse_dn(name, strip=True)
        ).casefold()
    except LDAPInvalidDnError:
        return name
