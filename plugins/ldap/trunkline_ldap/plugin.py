"""LDAP: people sign in with their account of a directory, and their groups there say what they may do here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trunkline.i18n import gettext as _
from trunkline.plugin import (
    ConnectionCheck,
    HealthReport,
    MenuItem,
    Permission,
    Plugin,
    ScheduledTask,
    StepKind,
    hookimpl,
)
from trunkline_ldap.settings import LdapSettings

if TYPE_CHECKING:
    from trunkline.operation import Context
    from trunkline.web.pages import Pages

plugin = Plugin(
    name="ldap",
    label=_("Directory (LDAP)"),
    summary=_("People sign in with their account of an LDAP directory or Active Directory."),
    settings=LdapSettings,
    permissions=(Permission("ldap.directory.view", _("Test the connection to the directory")),),
)


@hookimpl
def sign_in_providers() -> Sequence[Any]:
    from trunkline_ldap.provider import LdapProvider

    return [LdapProvider()]


@hookimpl
def routes() -> "Sequence[Pages]":
    from trunkline_ldap.pages import PAGES

    return [PAGES]


@hookimpl
def menu() -> Sequence[MenuItem]:
    return [
        MenuItem(
            _("Directory"),
            "/ldap",
            icon="address-book",
            permission="ldap.directory.view",
            group="Administration",
            order=915,
        )
    ]


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    from trunkline_ldap.reviewing import STEP_KIND

    return [STEP_KIND]


@hookimpl
def scheduled_tasks() -> Sequence[ScheduledTask]:
    from trunkline_ldap.reviewing import HOURLY

    return [HOURLY]


@hookimpl
def health_checks(ctx: "Context") -> Sequence[HealthReport]:
    from trunkline_ldap.health import reports

    return reports(ctx)


@hookimpl
def connection_checks() -> Sequence[ConnectionCheck]:
    from trunkline_ldap.checking import connection

    return [ConnectionCheck("directory", _("Directory"), connection)]
