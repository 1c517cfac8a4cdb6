"""What contracts declare to the trunk."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trunkline.contracts import acting_pages, link_pages, links, pages, queries
from trunkline.contracts.daily import DAILY
from trunkline.contracts.demo import leave_contracts
from trunkline.contracts.events import (
    ContractAccepted,
    ContractChanged,
    ContractCreated,
    ContractEnded,
    ContractEndsSoon,
    ContractIndexationDue,
    ContractIndexed,
    ContractRenewed,
    ContractSent,
    ContractTerminated,
    ContractWithdrawn,
)
from trunkline.contracts.search import CONTRACT
from trunkline.contracts.tables import contracts_table
from trunkline.i18n import gettext as _
from trunkline.lists import ListOf
from trunkline.plugin import MailTemplate, MenuItem, Permission, ScheduledTask, Slot

if TYPE_CHECKING:
    from trunkline.rest.routing import RestRoutes

_READERS = (
    "supervisor",
    "customer_care",
    "care_reader",
    "cashier",
    "accountant",
    "dealer",
    "duty_officer",
    "auditor",
)
_WRITERS = ("supervisor", "customer_care", "dealer")

PERMISSIONS = (
    Permission("core.contract.list", _("List contracts"), _READERS),
    Permission("core.contract.view", _("View contracts and read their documents"), _READERS),
    Permission("core.contract.create", _("Draft contracts"), _WRITERS),
    Permission("core.contract.edit", _("Change the terms and documents of contracts"), _WRITERS),
    Permission("core.contract.issue", _("Send contracts to customers"), _WRITERS),
    Permission("core.contract.cancel", _("Withdraw contracts that have not begun"), _WRITERS),
    Permission("core.contract_acceptance.record", _("Record that a contract was accepted"), _WRITERS),
    Permission(
        "core.contract.terminate", _("Terminate contracts"), ("supervisor", "customer_care", "accountant")
    ),
    Permission("core.contract_penalty.cancel", _("Waive the penalty of a termination"), ("supervisor",)),
    Permission("core.contract.adjust", _("Index the charges of contracts"), ("supervisor", "accountant")),
)
EVENTS = (
    ContractCreated,
    ContractChanged,
    ContractSent,
    ContractAccepted,
    ContractWithdrawn,
    ContractRenewed,
    ContractEndsSoon,
    ContractEnded,
    ContractTerminated,
    ContractIndexationDue,
    ContractIndexed,
)
SLOTS = (
    Slot(
        "customer.tabs", "contracts", pages.tab, "core.contract.list", _("Contracts"), 55, count=pages.count
    ),
    Slot("home.queues", "contracts_ending", pages.ending, "core.contract.list", _("Contracts"), 60),
    Slot("home.queues", "contracts_to_index", pages.to_index, "core.contract.adjust", _("Indexation"), 61),
)
MENU = (MenuItem(_("Contracts"), "/contracts", "contract", "core.contract.list", "Care", order=25),)
LISTS = (ListOf("contracts", "/contracts", "core.contract.list", contracts_table, queries.list_contracts),)
SEARCH_KINDS = (CONTRACT,)
DEMO_TODAY = (leave_contracts,)
PAGES = (pages.pages, acting_pages.pages, link_pages.pages)
MAIL_TEMPLATES = (
    MailTemplate(
        "core/mail/contract_sent",
        _("A contract to accept"),
        {
            "name": "Ana Souza",
            "operator": "Conecta Sul",
            "number": "K000042",
            "title": "Fibre 500",
            "link": "https://bss.example.com/accept-contract/example",
            "days": 14,
        },
    ),
)
SCHEDULED = (
    DAILY,
    ScheduledTask("contract_links", links.sweep, timedelta(hours=6), _("Forget expired contract links")),
)


def rest_routes() -> "Sequence[RestRoutes]":
    from trunkline.contracts.rest import of_customer, rest

    return [rest, of_customer]
