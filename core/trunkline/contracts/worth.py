"""What core and the plugins that charge tell each other of a contract: what it is worth, and how it ends or is indexed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from trunkline.contracts.models import Contract
from trunkline.db.savepoint import savepoint
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.operation import Context


@dataclass(frozen=True)
class ContractWorth:
    """What one service that a contract covers is charged a month, in minor units of `currency` before tax."""

    name: str
    amount_minor: int
    currency: str
    #: The service's number, and the page that shows it.
    service: str = ""
    path: str = ""


@dataclass(frozen=True)
class ContractTermination:
    """How a contract ends before its time. `penalty_minor` is what is owed, 0 when it was waived or there is none."""

    #: The last day in force; the penalty falls due on it.
    on: date
    reason: str
    remaining_months: int
    penalty_minor: int
    currency: str
    waived: bool = False


@dataclass(frozen=True)
class Indexation:
    """Recurring charges of the services covered change by `basis_points` (450 is 4.5 %; may be negative) from a day on."""

    basis_points: int
    effective_on: date
    #: Empty where the contract itself fixes the share.
    index_name: str = ""


def worth_of(ctx: "Context", contract: Contract, on: date) -> Sequence[ContractWorth]:
    """What each service covered by the contract is charged a month on `on`, as the plugins know it."""
    found = ctx.app.hooks.gather(
        "contract_worth", ContractWorth, session=ctx.session, ctx=ctx, contract=contract, on=on
    )
    return [worth for _plugin, worth in found]


def monthly_minor(worths: Sequence[ContractWorth], currency: str) -> int | None:
    """The sum of what is charged a month in `currency`, in minor units; None where nobody knows a charge in it."""
    amounts = [worth.amount_minor for worth in worths if worth.currency == currency]
    return sum(amounts) if amounts else None


def indexed(amount_minor: int, basis_points: int) -> int:
    """An amount after an indexation, in minor units, rounded half up: what a preview shows."""
    return (amount_minor * (10_000 + basis_points) * 2 + 10_000) // 20_000


def tell_terminating(ctx: "Context", contract: Contract, termination: ContractTermination) -> None:
    """Have the plugins do what follows a termination, in its transaction. Raises Refused when one of them cannot."""
    _tell(ctx, "contract_terminating", contract=contract, termination=termination)


def tell_indexing(ctx: "Context", contract: Contract, indexation: Indexation) -> None:
    """Have the plugins change what they charge, in the same transaction. Raises Refused when one of them cannot."""
    _tell(ctx, "contract_indexing", contract=contract, indexation=indexation)


def _tell(ctx: "Context", hook: str, **arguments: object) -> None:
    # Not `Hooks.each`, which goes on without who failed: a penalty that nobody charged must not pass for charged.
    for plugin, function in ctx.app.hooks.implementations(hook):
        try:
            with savepoint(ctx.session):
                function(ctx=ctx, **arguments)
        except TrunklineError:
            raise
        except Exception as error:  # a plugin's code may raise anything
            ctx.app.hooks.failed(plugin, f"hook {hook}", error)
            raise Refused(
                _("The plugin {plugin} failed, so nothing was done.", plugin=plugin),
                remedy=_("Ask an administrator to look at the plugin's status page."),
            ) from error
