"""What contracts declare to the trunk."""

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
from trunkline.i18n import gettext as _
from trunkline.plugin import Permission

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
