"""What the days bring: terms end or are followed by another, notices come due, and what comes up is announced once."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from trunkline.contracts.events import (
    ContractEnded,
    ContractEndsSoon,
    ContractIndexationDue,
    ContractRenewed,
)
from trunkline.contracts.models import Contract, ContractStatus, Renewal
from trunkline.contracts.operations.ending import carry_out
from trunkline.contracts.tables import ENDS_SOON, INDEXATION_SOON
from trunkline.contracts.terms import term_ends_on, today
from trunkline.db.savepoint import savepoint
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import ScheduledTask

log = logging.getLogger(__name__)
#: Contracts of one transaction and kind; the rest comes with the next run.
AT_ONCE = 200


def run(ctx: Context) -> None:
    """Do what is due by today where the operator is. Doing it again the same day changes nothing."""
    day = today(ctx)
    _each(ctx, col(Contract.terminates_on) <= day, _terminate)
    _each(ctx, col(Contract.terminates_on).is_(None) & (col(Contract.last_day) < day), _end_or_renew)
    _each(
        ctx,
        col(Contract.terminates_on).is_(None)
        & (col(Contract.last_day) <= day + timedelta(days=ENDS_SOON))
        & _not_said(col(Contract.end_announced_on), col(Contract.ends_on)),
        _announce_end,
    )
    _each(
        ctx,
        col(Contract.terminates_on).is_(None)
        & (col(Contract.next_indexation_on) <= day + timedelta(days=INDEXATION_SOON))
        & _not_said(col(Contract.indexation_announced_on), col(Contract.next_indexation_on)),
        _announce_indexation,
    )


def _not_said(said: Any, due: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = said.is_(None) | (said != due)
    return condition


def _each(ctx: Context, due: ColumnElement[bool], act: Callable[[Context, Contract], None]) -> None:
    """Act on each active contract that is due; one that cannot be ended keeps no other waiting."""
    for key in _keys(ctx, due):
        try:
            with savepoint(ctx.session):
                contract = ctx.load(Contract, key, lock=True)
                if contract.status == ContractStatus.ACTIVE:
                    act(ctx, contract)
        except TrunklineError as error:
            log.warning("contract %s: %s", key, error)


def _keys(ctx: Context, due: ColumnElement[bool]) -> Sequence[int]:
    statement = (
        select(col(Contract.id))
        .where(col(Contract.status) == ContractStatus.ACTIVE, due)
        .order_by(col(Contract.id))
        .limit(AT_ONCE)
    )
    return [key for key in ctx.session.scalars(statement) if key is not None]


def _terminate(ctx: Context, contract: Contract) -> None:
    with ctx.run("core.contract.terminate"):
        ctx.note(contract, label=contract.number, reason=contract.termination_reason)
        carry_out(ctx, contract)


def _end_or_renew(ctx: Context, contract: Contract) -> None:
    if contract.renewal == Renewal.ENDS:
        _end(ctx, contract)
    else:
        _renew(ctx, contract)


def _end(ctx: Context, contract: Contract) -> None:
    ended_on = contract.ends_on
    if ended_on is None:
        return
    with ctx.run("core.contract.end"):
        contract.status = ContractStatus.ENDED.value
        ctx.note(contract, label=contract.number)
        ctx.session.flush()
        ctx.emit(
            ContractEnded(
                entity_id=contract.key,
                customer_id=contract.customer_id,
                number=contract.number,
                ended_on=ended_on,
            )
        )


def _renew(ctx: Context, contract: Contract) -> None:
    """Go on without an end, or for as many terms as have begun: one that was recorded late may be years behind."""
    with ctx.run("core.contract.renew"):
        if contract.renewal == Renewal.OPEN_ENDED:
            contract.ends_on = None
        while contract.ends_on is not None and contract.ends_on < today(ctx):
            contract.renewals += 1
            contract.ends_on = term_ends_on(contract)
        ctx.note(contract, label=contract.number)
        ctx.session.flush()
        ctx.emit(
            ContractRenewed(
                entity_id=contract.key,
                customer_id=contract.customer_id,
                number=contract.number,
                ends_on=contract.ends_on,
            )
        )


def _announce_end(ctx: Context, contract: Contract) -> None:
    if contract.ends_on is None:
        return
    with ctx.run("core.contract.announce"):
        contract.end_announced_on = contract.ends_on
        ctx.session.flush()
        ctx.emit(
            ContractEndsSoon(
                entity_id=contract.key,
                customer_id=contract.customer_id,
                number=contract.number,
                ends_on=contract.ends_on,
                renewal=contract.renewal,
            )
        )


def _announce_indexation(ctx: Context, contract: Contract) -> None:
    if contract.next_indexation_on is None:
        return
    with ctx.run("core.contract.announce"):
        contract.indexation_announced_on = contract.next_indexation_on
        ctx.session.flush()
        ctx.emit(
            ContractIndexationDue(
                entity_id=contract.key,
                customer_id=contract.customer_id,
                number=contract.number,
                due_on=contract.next_indexation_on,
                index_name=contract.index_name,
            )
        )


#: More often than daily: the day begins in the operator's zone, and a worker may have been away.
DAILY = ScheduledTask("contracts", run, timedelta(hours=1), _("Renew and end contracts"))
