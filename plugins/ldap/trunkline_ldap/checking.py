"""The test of the connection, in words: how far one gets, and what the directory says of one person."""

from dataclasses import dataclass, field

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_ldap import directory
from trunkline_ldap.connection import address_of, plain, searching
from trunkline_ldap.directory import Entry, Group
from trunkline_ldap.settings import LdapSettings


@dataclass
class Findings:
    """What a test found. `problem` and `remedy` say where it ended, and are empty when all is well."""

    server: str = ""
    encrypted: bool = False
    entry: Entry | None = None
    groups: list[Group] = field(default_factory=list)
    roles: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""


def look(settings: LdapSettings, name: str = "") -> Findings:
    """Connect and bind as the account that searches; with `name`, look that person up as signing in does."""
    found = Findings()
    try:
        with searching(settings) as connection:
            found.server = address_of(connection)
            found.encrypted = found.server.startswith("ldaps:") or settings.start_tls
            if name:
                _look_up(found, connection, settings, name)
    except Unavailable as error:
        found.problem, found.remedy = error.message, _remedy(error.message)
    except ValueError as error:
        found.problem, found.remedy = plain(error), str(_("Check the filter in the settings."))
    return found


def connection(ctx: Context) -> str:
    """What a connection with the account that searches comes to, in words. Raises Unavailable."""
    found = look(ctx.settings(LdapSettings))
    if found.problem:
        raise Unavailable(found.problem, remedy=found.remedy)
    if found.encrypted:
        return str(
            _("{server} answers, encrypted, and takes the account that searches.", server=found.server)
        )
    return str(
        _("{server} answers, not encrypted, and takes the account that searches.", server=found.server)
    )


def _look_up(found: Findings, connection: object, settings: LdapSettings, name: str) -> None:
    found.entry = directory.find(connection, settings, name)
    if found.entry is None:
        found.problem = str(_("Nobody, or more than one person, is found under “{name}”.", name=name))
        found.remedy = str(
            _("Check where people are and the filter, and whether the account that searches may read them.")
        )
        return
    found.groups = directory.groups_of(connection, settings, found.entry)
    found.roles = directory.roles_of(settings, found.groups)
    if found.entry.is_disabled:
        found.problem = str(_("The account is disabled in the directory."))
    elif not found.entry.email:
        found.problem = str(_("The directory has no e-mail address for this person."))
        found.remedy = str(_("Everybody needs one here: enter it in the directory."))
    elif not found.roles:
        found.problem = str(_("No group of this person has a role here."))
        found.remedy = str(_("Add a line to “Roles by group”, or name a role of everybody else."))


def _remedy(problem: str) -> str:
    words = problem.lower()
    if "certificate" in words or "ssl" in words:
        return str(
            _(
                "Enter the certificate of your authority, and the name of the server that its certificate holds."
            )
        )
    if "refuses the account" in words:
        return str(_("Check the account that searches and its password."))
    return str(_("Check the address, the port and the firewall between."))
