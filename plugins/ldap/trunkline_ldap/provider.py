"""Signing in by the directory: it is asked who somebody is, and their account here follows what it says."""

import logging
from typing import TYPE_CHECKING

from trunkline.auth.directories import DirectoryPerson, Welcome, take_in
from trunkline.errors import Refused, Unauthenticated, Unavailable
from trunkline.i18n import gettext as _
from trunkline.providers import Vouched
from trunkline_ldap import directory
from trunkline_ldap.connection import Outages
from trunkline_ldap.directory import Entry, Group
from trunkline_ldap.settings import LdapSettings

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)


class LdapProvider:
    """`trunkline.providers.SignInProvider` of the directory that the settings name."""

    name = directory.ORIGIN

    def verify(self, app: "App", name: str, secret: str) -> Vouched | None:
        """Who has this name and password in the directory.

        Raises Unauthenticated where the password is right and the person is not let in all the same, Unavailable when no server
        answers.
        """
        with app.reading() as ctx:
            settings = ctx.settings(LdapSettings)
        if not settings.addresses:
            return None
        try:
            found = directory.authenticate(settings, app.part(Outages), name, secret)
        except Unavailable as error:
            log.error("ldap: nobody of the directory can sign in: %s", error.message)
            raise
        if found is None:
            return None
        entry, groups = found
        if entry.is_disabled:
            raise Unauthenticated(_("This account is disabled."), remedy=_("Ask an administrator."))
        person = person_of(settings, entry, groups)
        if not person.roles:
            log.warning("ldap: %s is in no group that has a role here", entry.dn)
            raise Unauthenticated(
                _("You are in no group of the directory that may work here."),
                remedy=_("Ask an administrator."),
            )
        try:
            with app.unit_of_work() as ctx:
                user = take_in(ctx, person, welcome_of(settings))
                return Vouched(user.key)
        except Refused as error:
            log.warning("ldap: %s cannot come in: %s", entry.dn, error.message)
            raise Unauthenticated(error.message, remedy=error.remedy) from error


def person_of(settings: LdapSettings, entry: Entry, groups: list[Group]) -> DirectoryPerson:
    """Somebody as the directory describes them, with the roles that their groups give."""
    return DirectoryPerson(
        directory.ORIGIN, entry.external_id, entry.email, entry.name, directory.roles_of(settings, groups)
    )


def welcome_of(settings: LdapSettings) -> Welcome:
    """Whom the operator lets in."""
    return Welcome(create=settings.create_users, link=settings.link_by_email)
