"""Everything that was filled in, done in one unit of work; and tried out in one that is thrown away."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from trunkline.customers import operations
from trunkline.customers.guided.steps import WHO, CustomerStep
from trunkline.customers.models import Customer
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import TrunklineError
from trunkline.operation import Context

#: Steps with what was answered, in order, that of who it is first.
Answers = Sequence[tuple[CustomerStep, BaseModel]]


class RefusedAt(TrunklineError):
    """A step was refused; `error` says what and beside which field, `step` names it."""

    status = 422

    def __init__(self, step: str, error: TrunklineError) -> None:
        super().__init__(str(error))
        self.step, self.error = step, error


def create(ctx: Context, answers: Answers, despite: Collection[str], **values: Any) -> Customer:
    """Register the customer and do every further step for them; all or nothing.

    `despite` are the numbers of customers who are known to be somebody else; `values` goes into the registration.
    Raises RefusedAt naming the step.
    """
    (who, command), *others = answers
    try:
        customer = operations.register(ctx, _registration(command, values), despite=despite)
    except TrunklineError as error:
        raise RefusedAt(who.name, error) from error
    for step, further in others:
        try:
            step.do(ctx, customer, further)
        except TrunklineError as error:
            raise RefusedAt(step.name, error) from error
    return customer


def rehearse(ctx: Context, answers: Answers, despite: Collection[str]) -> None:
    """Find out what `create` would refuse. `ctx` only reads; nothing is kept, no number is used up, nobody is told."""
    for step, command in answers:
        if step.prepare is not None:
            step.prepare(ctx, command)
    with ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id, keep=False) as trying:
        create(trying, answers, despite)


def _registration(command: BaseModel, values: Mapping[str, Any]) -> RegisterCustomer:
    said = command.model_dump(include=set(RegisterCustomer.model_fields))
    return RegisterCustomer.model_validate({**said, **values})


__all__ = ["WHO", "Answers", "RefusedAt", "create", "rehearse"]
