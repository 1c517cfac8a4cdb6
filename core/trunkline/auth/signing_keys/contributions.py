"""What signing keys contribute to the trunk: permissions, a page and the change by schedule."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.auth.signing_keys import operations, pages
from trunkline.auth.signing_keys.tables import SIGNING_KEYS, list_keys
from trunkline.i18n import gettext
from trunkline.lists import ListOf
from trunkline.plugin import MenuItem, Permission, ScheduledTask

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_ = gettext

PERMISSIONS = [
    Permission("core.signing_key.list", _("See the keys that sign access tokens"), ("auditor",)),
    Permission("core.signing_key.change", _("Change the key that signs access tokens")),
]
MENU = [MenuItem(_("Signing keys"), "/signing-keys", "key", "core.signing_key.list", "Administration", 30)]
LISTS = (
    ListOf("signing-keys", "/signing-keys", "core.signing_key.list", lambda ctx: SIGNING_KEYS, list_keys),
)
PAGES = [pages.pages]
SCHEDULED = [
    ScheduledTask(
        "change_signing_key", operations.rotate_when_due, timedelta(hours=6), _("Change the signing key")
    ),
]


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.auth.signing_keys.rest import rest

    return [rest]
