"""What the trunk asks of billing for a contract: that its penalty is charged."""

from trunkline.contracts.models import Contract
from trunkline.contracts.worth import ContractTermination
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing.operations.penalties import ChargePenalty, charge_penalty
from trunkline_catalog import queries as catalog


def terminating(ctx: Context, contract: Contract, termination: ContractTermination) -> None:
    """Charge what leaving early costs, on the last day in force; nothing when it was waived or costs nothing."""
    if termination.waived or termination.penalty_minor <= 0:
        return
    charge_penalty(
        ctx,
        ChargePenalty(
            contract_id=contract.key,
            contract_number=contract.number,
            customer_id=contract.customer_id,
            amount_micros=Money.of_minor(termination.penalty_minor, termination.currency).micros,
            currency=termination.currency,
            reason=termination.reason,
            day=termination.on,
            service_ids=[one.id for one in catalog.services_under(ctx, contract.key)],
        ),
    )
