"""Giving notice, taking it back, and what ends a contract before its time."""

from dataclasses import dataclass
from datetime import date, timedelta

from trunkline.approvals.second_person import Matter, SecondPerson, exceeds
from trunkline.approvals.words import Amount
from trunkline.contracts.dates import remaining_months
from trunkline.contracts.events import ContractTerminated
from trunkline.contracts.models import Contract, ContractStatus
from trunkline.contracts.operations.drafting import load, require_no_notice, require_status, tell_changed
from trunkline.contracts.penalty import PenaltyTerms, penalty_minor
from trunkline.contracts.schemas import TerminateContract
from trunkline.contracts.terms import today
from trunkline.contracts.worth import ContractTermination, monthly_minor, tell_terminating, worth_of
from trunkline.errors import Refused
from trunkline.i18n import format_date
from trunkline.i18n import gettext as _
from trunkline.money import MICROS, Money
from trunkline.operation import Context, operation
from trunkline.settings.core import CoreSettings
from trunkline.versions import require_version

#: The permission of its own that leaving out an agreed penalty needs.
WAIVE = "core.contract_penalty.cancel"


@dataclass(frozen=True)
class Outlook:
    """What a termination would mean. Amounts in minor units of `currency`; `monthly_minor` None: nobody knows a charge."""

    on: date
    #: The first day on which the contract can end when the notice agreed on is kept.
    notice_until: date
    remaining_months: int
    monthly_minor: int | None
    penalty_minor: int
    currency: str

    @property
    def keeps_notice(self) -> bool:
        return self.on >= self.notice_until


def _waiver(ctx: Context, number: str, command: TerminateContract) -> Matter | None:
    """Waiving a penalty above the amount of the settings takes two."""
    limit = ctx.settings(CoreSettings).contract_waiver_above
    if not command.waive or limit is None:
        return None
    ctx.require(WAIVE)
    contract = ctx.load_by(Contract, Contract.number, number)
    outlook = outlook_of(ctx, contract, command.on)
    micros = Money.of_minor(outlook.penalty_minor, outlook.currency).micros
    if not exceeds(micros, outlook.currency, int(limit * MICROS), ctx.app.config.currency):
        return None
    amount = Amount(micros, outlook.currency)
    return Matter(
        _("Waive the penalty of {amount} of contract {number}", amount=amount, number=number),
        ((_("Reason"), command.reason), (_("Months that remain"), str(outlook.remaining_months))),
        micros,
        outlook.currency,
        contract.customer_id,
        f"/contracts/{number}",
    )


TERMINATION = SecondPerson(_("Waive the penalty of a termination"), _waiver)


@operation("core.contract.terminate", approval=TERMINATION)
def terminate(ctx: Context, number: str, command: TerminateContract) -> Contract:
    """Give notice: the contract ends with the day that it names, at once if that has come.

    Months, penalty and waiver are settled now, as they are told to the customer now; the penalty falls due on that day. Raises
    Refused (field `on`) for a day outside the term, Forbidden to waive without that permission, Conflict for an old `version`.
    """
    contract = load(ctx, number)
    require_version(contract, command.version)
    outlook = outlook_of(ctx, contract, command.on)
    waived = command.waive and outlook.penalty_minor > 0
    if waived:
        ctx.require(WAIVE)
    contract.terminates_on = outlook.on
    contract.termination_reason = command.reason
    contract.termination_months = outlook.remaining_months
    contract.termination_penalty_minor = outlook.penalty_minor
    contract.termination_waived = waived
    ctx.note(contract, label=contract.number, reason=command.reason)
    if outlook.on <= today(ctx):
        carry_out(ctx, contract)
    else:
        tell_changed(ctx, contract, "terminates_on")
    return contract


@operation("core.contract.terminate")
def keep(ctx: Context, number: str, version: int | None = None) -> Contract:
    """Take a notice back before its day has come. Raises Refused when there is none."""
    contract = load(ctx, number)
    require_version(contract, version)
    require_status(contract, ContractStatus.ACTIVE)
    if contract.terminates_on is None:
        raise Refused(_("No notice was given to contract {number}.", number=contract.number))
    contract.terminates_on, contract.termination_reason = None, ""
    contract.termination_months = contract.termination_penalty_minor = 0
    contract.termination_waived = False
    ctx.note(contract, label=contract.number)
    tell_changed(ctx, contract, "terminates_on")
    return contract


@operation("core.contract.terminate")
def end_now(ctx: Context, number: str) -> Contract:
    """End a contract whose notice is over and that could not be ended by itself. Raises Refused with what is in the way."""
    contract = load(ctx, number)
    require_status(contract, ContractStatus.ACTIVE)
    if contract.terminates_on is None or contract.terminates_on > today(ctx):
        raise Refused(_("The notice of contract {number} is not over.", number=contract.number))
    ctx.note(contract, label=contract.number, reason=contract.termination_reason)
    carry_out(ctx, contract)
    return contract


def outlook_of(ctx: Context, contract: Contract, on: date | None) -> Outlook:
    """What ending a contract with the day `on` would mean; None: the first day that keeps the notice. Changes nothing.

    Raises Refused as `terminate` does.
    """
    require_status(contract, ContractStatus.ACTIVE)
    require_no_notice(contract)
    notice_until = today(ctx) + timedelta(days=contract.notice_days)
    if contract.ends_on is not None:
        notice_until = min(notice_until, contract.ends_on)
    last = _checked(contract, on or notice_until)
    months = months_left(contract, last)
    monthly = monthly_minor(worth_of(ctx, contract, last), contract.currency)
    terms = PenaltyTerms(contract.penalty, contract.penalty_minor, contract.penalty_basis_points)
    penalty = penalty_minor(terms, months, monthly)
    return Outlook(last, notice_until, months, monthly, penalty, contract.currency)


def _checked(contract: Contract, last: date) -> date:
    if contract.starts_on is not None and last < contract.starts_on:
        raise Refused(
            _("The contract starts on {day}.", day=format_date(contract.starts_on)),
            field="on",
            remedy=_("Choose that day or a later one."),
        )
    if contract.ends_on is not None and last > contract.ends_on:
        raise Refused(
            _("The term ends on {day}.", day=format_date(contract.ends_on)),
            field="on",
            remedy=_("Choose that day or an earlier one."),
        )
    return last


def months_left(contract: Contract, last: date) -> int:
    """Whole months of the present term after `last`; 0 for an open-ended contract."""
    if contract.ends_on is None or contract.starts_on is None or contract.term_months is None:
        return 0
    return remaining_months(contract.starts_on, contract.term_months * (contract.renewals + 1), last)


def carry_out(ctx: Context, contract: Contract) -> None:
    """End a contract to which notice was given; part of operations. Raises Refused when a plugin cannot charge the penalty."""
    if contract.terminates_on is None:
        raise LookupError(f"no notice was given to contract {contract.number}")
    waived = contract.termination_waived
    termination = ContractTermination(
        on=contract.terminates_on,
        reason=contract.termination_reason,
        remaining_months=contract.termination_months,
        penalty_minor=0 if waived else contract.termination_penalty_minor,
        currency=contract.currency,
        waived=waived,
    )
    contract.status = ContractStatus.TERMINATED.value
    ctx.session.flush()
    tell_terminating(ctx, contract, termination)
    ctx.emit(
        ContractTerminated(
            entity_id=contract.key,
            customer_id=contract.customer_id,
            number=contract.number,
            terminated_on=termination.on,
            reason=termination.reason,
            remaining_months=termination.remaining_months,
            penalty_minor=termination.penalty_minor,
            currency=termination.currency,
            waived=waived,
        )
    )
