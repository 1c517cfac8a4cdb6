"""Drafting contracts, changing their terms, and withdrawing those that have not begun."""

from sqlalchemy import update
from sqlmodel import col

from trunkline.contracts.events import ContractChanged, ContractCreated, ContractWithdrawn
from trunkline.contracts.models import Contract, ContractLink, ContractStatus, Renewal
from trunkline.contracts.queries import accepted_now
from trunkline.contracts.schemas import ContractTerms, EditContract, WithdrawContract
from trunkline.contracts.search import mark_contract
from trunkline.contracts.terms import AGREED, term_ends_on, today, values_of
from trunkline.contracts.words import STATUS_LABELS
from trunkline.customers import queries as customers
from trunkline.customers.archived import refuse_archived
from trunkline.db.numbers import next_number
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.versions import require_version

_CHANGEABLE = (ContractStatus.DRAFT, ContractStatus.SENT, ContractStatus.ACTIVE)


@operation("core.contract.create")
def create(ctx: Context, customer_number: str, command: ContractTerms) -> Contract:
    """Draft a contract for a customer. Raises NotFound, Refused naming fields, and Refused for an archived customer."""
    customer = customers.get(ctx, customer_number)
    refuse_archived(ctx, customer, field="")
    contract = Contract(
        number=next_number(ctx.session, "contract", customer.reseller_id),
        customer_id=customer.key,
        **values_of(command, ctx.app.config.currency),
    )
    contract.ends_on = term_ends_on(contract)
    ctx.session.add(contract)
    ctx.session.flush()
    ctx.note(contract, label=contract.number)
    mark_contract(ctx, contract)
    ctx.emit(
        ContractCreated(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            title=contract.title,
        )
    )
    return contract


@operation("core.contract.edit")
def edit(ctx: Context, number: str, command: EditContract) -> Contract:
    """Agree on other terms. What was sent becomes a draft again, and an active contract asks for another acceptance.

    Raises Conflict when `version` is old, Refused for a contract that is over or to which notice was given.
    """
    contract = load(ctx, number)
    values = values_of(command, contract.currency)
    require_version(contract, command.version, values)
    require_status(contract, *_CHANGEABLE)
    require_no_notice(contract)
    if contract.status == ContractStatus.ACTIVE:
        # What has begun has a first day; an empty field of the form does not take it away.
        values["starts_on"] = values["starts_on"] or contract.starts_on
    changed = tuple(name for name, value in values.items() if getattr(contract, name) != value)
    if not changed:
        return contract
    for name in changed:
        setattr(contract, name, values[name])
    settle_end(ctx, contract)
    if set(AGREED) & set(changed):
        recall(ctx, contract)
        settle_acceptance(ctx, contract)
    ctx.note(contract, label=contract.number)
    mark_contract(ctx, contract)
    tell_changed(ctx, contract, *changed)
    return contract


@operation("core.contract.cancel")
def withdraw(ctx: Context, number: str, command: WithdrawContract) -> Contract:
    """Withdraw a contract that has not begun; links that were sent stop working. Raises Refused in any other status."""
    contract = load(ctx, number)
    require_version(contract, command.version)
    require_status(contract, ContractStatus.DRAFT, ContractStatus.SENT)
    recall(ctx, contract)
    contract.status = ContractStatus.WITHDRAWN.value
    ctx.note(contract, label=contract.number, **({"reason": command.reason} if command.reason else {}))
    ctx.emit(
        ContractWithdrawn(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            reason=command.reason,
        )
    )
    return contract


def load(ctx: Context, number: str) -> Contract:
    """The visible contract with this number, locked. Raises NotFound."""
    return ctx.load_by(Contract, Contract.number, number, lock=True)


def require_status(contract: Contract, *allowed: ContractStatus) -> None:
    """Raise Refused when the contract stands elsewhere, saying where this can be done."""
    if contract.status not in allowed:
        raise Refused(
            _(
                "Contract {number} is {now}.",
                number=contract.number,
                now=str(STATUS_LABELS[ContractStatus(contract.status)]).lower(),
            ),
            field="status",
            remedy=_(
                "This can be done while it is: {allowed}.",
                allowed=", ".join(str(STATUS_LABELS[status]).lower() for status in allowed),
            ),
        )


def require_no_notice(contract: Contract) -> None:
    """Raise Refused for a contract that ends on notice."""
    if contract.terminates_on is not None:
        raise Refused(
            _("Notice was given: contract {number} ends by it.", number=contract.number),
            remedy=_("Take the notice back first."),
        )


def settle_end(ctx: Context, contract: Contract) -> None:
    """Set the last day of the present term; one that is over and goes on has none."""
    ends_on = term_ends_on(contract)
    over = ends_on is not None and ends_on < today(ctx)
    contract.ends_on = None if over and contract.renewal == Renewal.OPEN_ENDED else ends_on


def recall(ctx: Context, contract: Contract) -> None:
    """Make links useless that were sent for another text; what was sent becomes a draft again."""
    if contract.status == ContractStatus.SENT:
        contract.status = ContractStatus.DRAFT.value
    ctx.session.execute(
        update(ContractLink)
        .where(col(ContractLink.contract_id) == contract.key, col(ContractLink.used_at).is_(None))
        .values(expires_at=ctx.now())
        .where(col(ContractLink.expires_at) > ctx.now())
    )


def settle_acceptance(ctx: Context, contract: Contract) -> None:
    """Say whether text and terms as they are now were accepted, as they may have been before."""
    ctx.session.flush()
    contract.accepted = accepted_now(ctx, contract) is not None


def tell_changed(ctx: Context, contract: Contract, *fields: str) -> None:
    """Say that a contract changed, part of operations."""
    ctx.session.flush()
    ctx.emit(
        ContractChanged(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            fields=fields,
        )
    )
