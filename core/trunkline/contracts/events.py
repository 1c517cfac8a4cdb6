"""What happens to contracts, as others hear of it. Amounts are in minor units of `currency`."""

from datetime import date
from typing import ClassVar

from trunkline.events import Event


class _OfContract(Event):
    number: str


class ContractCreated(_OfContract):
    """A contract was drafted."""

    name: ClassVar[str] = "contract.created"

    title: str


class ContractChanged(_OfContract):
    """Terms or documents of a contract changed. `fields` names the terms, or `document`."""

    name: ClassVar[str] = "contract.changed"

    fields: tuple[str, ...] = ()


class ContractSent(_OfContract):
    """A contract was sent to the customer, who may accept it until `expires_on`."""

    name: ClassVar[str] = "contract.sent"

    expires_on: date


class ContractAccepted(_OfContract):
    """The customer accepted the text with this SHA-256. `how` is portal, paper, telephone or desk."""

    name: ClassVar[str] = "contract.accepted"

    how: str
    digest: str


class ContractWithdrawn(_OfContract):
    """A contract that had not begun was withdrawn."""

    name: ClassVar[str] = "contract.withdrawn"

    reason: str = ""


class ContractRenewed(_OfContract):
    """A term ended and the contract goes on, until `ends_on` or (None) open-ended."""

    name: ClassVar[str] = "contract.renewed"

    ends_on: date | None = None


class ContractEndsSoon(_OfContract):
    """The present term ends on `ends_on`. `renewal` says what follows: ends, open_ended or same_term."""

    name: ClassVar[str] = "contract.ends_soon"

    ends_on: date
    renewal: str


class ContractEnded(_OfContract):
    """A contract's term ran out."""

    name: ClassVar[str] = "contract.ended"

    ended_on: date


class ContractTerminated(_OfContract):
    """A contract was terminated. `penalty_minor` is what is owed for it, 0 when it was waived."""

    name: ClassVar[str] = "contract.terminated"

    terminated_on: date
    reason: str
    remaining_months: int
    penalty_minor: int
    currency: str
    waived: bool


class ContractIndexationDue(_OfContract):
    """Charges of a contract are to be indexed on `due_on`."""

    name: ClassVar[str] = "contract.indexation_due"

    due_on: date
    index_name: str = ""


class ContractIndexed(_OfContract):
    """Charges of a contract change by `basis_points` from `effective_on` on."""

    name: ClassVar[str] = "contract.indexed"

    basis_points: int
    effective_on: date
    index_name: str = ""
