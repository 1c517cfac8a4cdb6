"""Portal: what customers see and do themselves, and how staff invite them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.i18n import gettext as _
from trunkline.i18n import pgettext
from trunkline.plugin import MenuItem, Permission, Plugin, Slot, hookimpl
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import Pages

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.lists import RowAction

_STAFF = ("supervisor", "customer_care")
_EVERYBODY = ("portal_owner", "portal_finance", "portal_technical")
_MONEY = ("portal_owner", "portal_finance")
_LINES = ("portal_owner", "portal_technical")

plugin = Plugin(
    name="portal",
    label=_("Portal"),
    requires=("catalog", "billing"),
    permissions=(
        Permission(
            "portal.user.list",
            _("See who may use the portal"),
            (*_STAFF, "care_reader", "accountant", "auditor"),
        ),
        Permission("portal.user.invite", _("Invite customers to the portal"), _STAFF),
        Permission("portal.user.disable", _("Disable and enable portal users"), _STAFF),
        Permission("portal.home.view", _("Use the portal"), _EVERYBODY, "portal"),
        Permission("portal.service.view", _("See services and allowances"), _LINES, "portal"),
        Permission("portal.usage.list", _("See usage"), _LINES, "portal"),
        Permission("portal.invoice.list", _("See balance and invoices"), _MONEY, "portal"),
        Permission("portal.payment.list", _("See payments"), _MONEY, "portal"),
        Permission("portal.person.list", _("See who else uses the portal"), ("portal_owner",), "portal"),
        Permission(
            "portal.person.edit",
            _("Invite others to the portal, say what they see, disable them"),
            ("portal_owner",),
            "portal",
        ),
        Permission("portal.invoice.view", _("Download invoices"), _MONEY, "portal"),
        Permission("portal.contract.list", _("See contracts"), _MONEY, "portal"),
        Permission("portal.contract.view", _("Read contracts and their documents"), _MONEY, "portal"),
        Permission("portal.contract_acceptance.record", _("Accept contracts"), ("portal_owner",), "portal"),
    ),
    summary=_("Customers see services, usage and invoices, and sign in for themselves."),
)


@hookimpl
def menu() -> Sequence[MenuItem]:
    from trunkline_portal.queries import overdue_count

    def entry(order: int, label: str, path: str, icon: str, permission: str, *also: str) -> MenuItem:
        counted = overdue_count if path == "/portal/invoices" else None
        return MenuItem(
            label, path, icon, permission, order=order, badge=counted, audience="portal", also=also
        )

    return [
        entry(10, pgettext("page", "Home"), "/portal", "home", "portal.home.view"),
        entry(
            20, _("Invoices"), "/portal/invoices", "file-invoice", "portal.invoice.list", "/portal/payments"
        ),
        entry(30, _("Services"), "/portal/services", "apps", "portal.service.view"),
        entry(40, _("Usage"), "/portal/usage", "chart-bar", "portal.usage.list"),
        entry(50, _("Account"), "/portal/account", "user", "portal.home.view", "/portal/contracts"),
    ]


@hookimpl
def routes() -> Sequence[Pages]:
    from trunkline_portal import contract_pages, pages, people_pages, phone_pages, staff_pages

    return [pages.pages, contract_pages.pages, people_pages.pages, staff_pages.pages, phone_pages.pages]


@hookimpl
def rest_routes() -> Sequence[RestRoutes]:
    from trunkline_portal import rest

    return [rest.routes]


@hookimpl
def row_actions() -> "Sequence[RowAction]":
    from trunkline_portal.row_actions import ROW_ACTIONS

    return ROW_ACTIONS


@hookimpl
def slots() -> Sequence[Slot]:
    from trunkline_portal import staff_pages

    return [
        Slot("customer.actions", "portal_invite", staff_pages.invite_action, "portal.user.invite", order=60),
        Slot("client.actions", "portal_panel", staff_pages.panel_action, "portal.user.list", order=10),
        Slot("client.registration", "portal_users", staff_pages.users_card, "portal.user.list", order=60),
        Slot(
            "customer.aside",
            "portal_users",
            staff_pages.users_card,
            "portal.user.list",
            label=_("Portal users"),
            order=60,
        ),
    ]


@hookimpl
def demo_today(app: "App") -> None:
    from trunkline_portal.demo import leave_invitations

    leave_invitations(app)
