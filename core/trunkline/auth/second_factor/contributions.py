"""What second factors contribute to the trunk: permissions, pages, parts of other pages and tidying up."""

from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.auth import counting
from trunkline.auth.second_factor import (
    admin_pages,
    devices,
    passkey_pages,
    profile_pages,
    releasing,
    sign_in_pages,
    steps,
)
from trunkline.i18n import gettext
from trunkline.plugin import Command, Permission, ScheduledTask, Slot
from trunkline.web.pages import SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.second_factor.delete", _("Take lost second factors away from somebody")),
    Permission("core.second_factor.configure", _("Demand a second factor of everybody with a role")),
    Permission(
        "core.sign_in.release", _("Let somebody sign in again after too many attempts"), ("supervisor",)
    ),
]
COMMANDS = [
    Command(
        _("Second factor"),
        "/profile/second-factor",
        "shield-lock",
        "core.search.use",
        words=_("security passkey authenticator app codes"),
        order=91,
    ),
]
PAGES = [sign_in_pages.pages, passkey_pages.pages, profile_pages.pages, admin_pages.pages]
SLOTS = [
    Slot("confirm.ways", "core.passkey", passkey_pages.on_confirm, SIGNED_IN, _("Passkey"), 10),
    Slot(
        "profile.sections",
        "core.second_factor",
        admin_pages.on_profile,
        SIGNED_IN,
        _("Second factor"),
        20,
    ),
    Slot(
        "user.sections", "core.second_factor", admin_pages.on_user, "core.user.view", _("Second factor"), 20
    ),
    Slot(
        "role.sections", "core.second_factor", admin_pages.on_role, "core.role.view", _("Second factor"), 20
    ),
]
SCHEDULED = [
    ScheduledTask("forget_open_sign_ins", steps.sweep, timedelta(hours=1), _("Forget unfinished sign-ins")),
    ScheduledTask(
        "forget_remembered_devices", devices.sweep, timedelta(hours=6), _("Forget expired devices")
    ),
    ScheduledTask("forget_attempts", counting.sweep, timedelta(hours=1), _("Forget old sign-in attempts")),
    ScheduledTask(
        "warn_of_failed_sign_ins",
        releasing.warn_of_failures,
        timedelta(minutes=5),
        _("Warn of failed sign-ins"),
    ),
]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.auth.second_factor.rest import rest, roles

    return [rest, roles]
