"""What accounts contribute to the trunk: permissions, menu, pages, REST and tidying up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.auth import (
    confirm_pages,
    email_pages,
    links,
    pages,
    profile_pages,
    sessions,
    tokens,
    user_pages,
)
from trunkline.auth import queries as users
from trunkline.auth.events import EVENTS as EVENTS
from trunkline.auth.impersonation import pages as impersonation
from trunkline.auth.impersonation import queries as impersonations
from trunkline.auth.impersonation.tables import IMPERSONATIONS
from trunkline.auth.row_actions import ROW_ACTIONS as ROW_ACTIONS
from trunkline.auth.search import USER
from trunkline.auth.tables import USERS
from trunkline.i18n import gettext
from trunkline.lists import ListOf
from trunkline.plugin import Command, MenuItem, Permission, ScheduledTask

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.user.list", _("List users"), ("supervisor", "auditor")),
    Permission("core.user.view", _("See a user"), ("supervisor", "auditor")),
    Permission("core.user.invite", _("Invite colleagues")),
    Permission("core.user.edit", _("Change users and their roles")),
    Permission("core.user.disable", _("Disable and enable users, and sign them out")),
    Permission(
        "core.user.impersonate",
        _("Work as a customer's person, or as a colleague who may do less"),
        ("supervisor", "customer_care"),
    ),
    Permission("core.impersonation.list", _("See who worked as whom"), ("supervisor", "auditor")),
    Permission(
        "core.portal_user.invite",
        _("Invite people of a customer to the portal"),
        ("supervisor", "customer_care"),
    ),
    Permission(
        "core.portal_user.disable",
        _("Disable and enable people of a customer"),
        ("supervisor", "customer_care"),
    ),
    Permission(
        "core.api_key.create",
        _("Make and revoke API keys of one's own"),
        ("supervisor", "provisioning_engineer", "accountant"),
    ),
]
COMMANDS = [
    Command(
        _("Invite a colleague"),
        "/users/new",
        "user-plus",
        "core.user.invite",
        words=_("add new user staff"),
        order=70,
    ),
    # Whoever may search has an account.
    Command(
        _("Your account"),
        "/profile",
        "user-circle",
        "core.search.use",
        words=_("profile change password sessions API keys keyboard shortcuts"),
        order=90,
    ),
    Command(
        _("Language"),
        "/profile#f-language",
        "language",
        "core.search.use",
        # In every language: whoever looks for it may not read the one that is set.
        words="language idioma langue",
        order=91,
    ),
    Command(
        _("Theme and density"),
        "/profile#appearance",
        "sun",
        "core.search.use",
        words=_("appearance dark light compact roomy"),
        order=92,
    ),
    Command(
        _("Sign out"),
        "/sign-out",
        "logout",
        "core.search.use",
        words=_("log out leave end session"),
        order=93,
    ),
]
SEARCH_KINDS = (USER,)
MENU = [
    MenuItem(_("Users"), "/users", "users", "core.user.list", "Administration", 10, key="u"),
]
LISTS = (
    ListOf("users", "/users", "core.user.list", lambda ctx: USERS, users.list_users),
    ListOf(
        "impersonations",
        "/impersonations",
        "core.impersonation.list",
        lambda ctx: IMPERSONATIONS,
        impersonations.list_impersonations,
    ),
)
PAGES = [
    pages.pages,
    confirm_pages.pages,
    email_pages.pages,
    profile_pages.pages,
    profile_pages.keys,
    user_pages.pages,
    impersonation.pages,
    impersonation.end_pages,
]
SCHEDULED = [
    ScheduledTask("forget_sessions", sessions.sweep, timedelta(hours=1), _("Forget ended sessions")),
    ScheduledTask("forget_links", links.sweep, timedelta(hours=24), _("Forget expired links")),
    ScheduledTask(
        "forget_rest_sign_ins", tokens.sweep, timedelta(hours=6), _("Forget expired REST sign-ins")
    ),
]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.auth import api_keys_rest, rest
    from trunkline.auth.impersonation.rest import rest as impersonation_rest

    return [rest.auth, rest.users, api_keys_rest.rest, impersonation_rest]
