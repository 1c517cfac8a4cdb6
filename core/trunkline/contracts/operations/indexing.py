"""Indexing the charges of a contract's services, once in 12 months."""

from datetime import date

from trunkline.contracts.dates import next_yearly
from trunkline.contracts.events import ContractIndexed
from trunkline.contracts.models import Contract, ContractIndexation, ContractStatus, IndexationKind
from trunkline.contracts.operations.drafting import load, require_no_notice, require_status
from trunkline.contracts.schemas import IndexContract
from trunkline.contracts.terms import basis_points, today
from trunkline.contracts.worth import Indexation, tell_indexing
from trunkline.errors import Refused
from trunkline.i18n import format_date
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.versions import require_version


@operation("core.contract.adjust")
def index(ctx: Context, number: str, command: IndexContract) -> ContractIndexation:
    """Change what the covered services are charged from a day on, and set the next indexation 12 months later.

    Raises Refused (field `percent` or `effective_on`), for one before it is due as well; Conflict for an old `version`.
    """
    contract = load(ctx, number)
    require_version(contract, command.version)
    indexation = indexation_of(ctx, contract, command)
    contract.next_indexation_on = next_yearly(
        contract.next_indexation_on or indexation.effective_on, indexation.effective_on
    )
    kept = ContractIndexation(
        contract_id=contract.key,
        index_name=indexation.index_name,
        basis_points=indexation.basis_points,
        effective_on=indexation.effective_on,
        indexed_at=ctx.now(),
        indexed_by=ctx.actor.name,
    )
    ctx.session.add(kept)
    ctx.session.flush()
    tell_indexing(ctx, contract, indexation)
    ctx.note(contract, label=contract.number, basis_points=indexation.basis_points)
    ctx.emit(
        ContractIndexed(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            basis_points=indexation.basis_points,
            effective_on=indexation.effective_on,
            index_name=indexation.index_name,
        )
    )
    return kept


def indexation_of(ctx: Context, contract: Contract, command: IndexContract) -> Indexation:
    """What `index` would do; changes nothing. Raises Refused as `index` does."""
    require_status(contract, ContractStatus.ACTIVE)
    require_no_notice(contract)
    if contract.indexation == IndexationKind.NONE:
        raise Refused(
            _("Contract {number} has no indexation.", number=contract.number),
            remedy=_("Agree on one in its terms first."),
        )
    fixed = contract.indexation == IndexationKind.FIXED and command.percent is None
    points = contract.indexation_basis_points if fixed else basis_points(command.percent, "percent")
    return Indexation(points, _effective_on(ctx, contract, command.effective_on), contract.index_name)


def _effective_on(ctx: Context, contract: Contract, wanted: date | None) -> date:
    due = contract.next_indexation_on
    effective = wanted or max(due or today(ctx), today(ctx))
    if due is not None and effective < due:
        raise Refused(
            _("The next indexation is due on {day}.", day=format_date(due)),
            field="effective_on",
            remedy=_("Choose that day or a later one."),
        )
    if effective < today(ctx):
        raise Refused(
            _("Charges of days that are over do not change."),
            field="effective_on",
            remedy=_("Choose today or a later day."),
        )
    return effective
