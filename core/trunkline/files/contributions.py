"""What attached files declare to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.customers.models import Customer, CustomerStatus
from trunkline.files import clamav, queries
from trunkline.files.events import EVENTS as EVENTS
from trunkline.files.pages import pages
from trunkline.files.sweeping import sweep
from trunkline.i18n import gettext as _
from trunkline.plugin import ConnectionCheck, Permission, ScheduledTask, Sensitive, Slot
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = ("supervisor", "customer_care", "care_reader", "accountant", "auditor")
_WRITERS = ("supervisor", "customer_care", "accountant", "dealer")


def _tab(page: Page, customer: Customer) -> str:
    open_to_change = customer.status != CustomerStatus.ARCHIVED
    return page.fragment(
        "files/tab.html",
        customer=customer,
        files=stretch(
            page,
            queries.files_of(page.ctx, customer),
            lambda file: (file.name, file.note, file.uploaded_by),
            f"/customers/{customer.number}/files",
        ),
        may_attach=open_to_change and page.can("core.file.create"),
    )


def _count(page: Page, customer: Customer) -> int:
    return queries.count_of(page.ctx, customer)


PERMISSIONS = (
    Permission("core.file.list", _("List customers' files"), _READERS),
    Permission("core.file.view", _("Open customers' files"), _READERS),
    Permission("core.file.create", _("Attach files to customers"), _WRITERS),
    Permission("core.file.delete", _("Remove customers' files"), ("supervisor",)),
)
SENSITIVE = (Sensitive("core.file", _("What a customer's file holds")),)
SLOTS = (Slot("customer.tabs", "files", _tab, "core.file.list", label=_("Files"), order=900, count=_count),)
PAGES = (pages,)
CONNECTIONS = (ConnectionCheck("virus_scanner", _("Virus scanner"), clamav.check),)
SCHEDULED = (ScheduledTask("sweep_files", sweep, timedelta(days=1), _("Remove unused files")),)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.files.rest import rest

    return [rest]
