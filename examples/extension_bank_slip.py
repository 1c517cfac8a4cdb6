"""Lets staff take money by bank slip: the payment form offers it beside the cash desk.

Copy this file into the folder `extensions` of the data folder and restart. A slip leaves the system, so taking the money only
queues a job in the same transaction; the worker writes the slip to the folder `slips` of the data folder, where a bank's program
may fetch it. The money counts when it has arrived and is recorded.
"""

from collections.abc import Sequence

from pydantic import BaseModel

from trunkline.errors import Refused
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext
from trunkline.operation import Context
from trunkline.plugin import StepKind, hookimpl
from trunkline.providers import PaymentProvider, PaymentRequest, PaymentResult

WRITE = "extension_bank_slip.write"


class Slip(BaseModel):
    """What stands on a slip."""

    number: str
    amount: str


class BankSlip:
    """A `PaymentProvider` whose money arrives later."""

    name: str = "bank_slip"
    label: str = "Bank slip"
    self_service: bool = False

    def take(self, ctx: Context, request: PaymentRequest) -> PaymentResult:
        if request.amount.micros < 5_000_000:
            raise Refused("A bank slip is for 5.00 or more.", field="amount", remedy="Take it in cash.")
        number = f"{request.account_number}-{request.key}"
        slip = Slip(number=number, amount=f"{request.amount} {request.amount.currency}")
        enqueue(
            ctx,
            kind="extension_bank_slip.issue",
            title=f"Bank slip {number}",
            steps=[PlannedStep(WRITE, inputs=slip.model_dump())],
            key=f"bank-slip:{number}",
        )
        return PaymentResult(settled=False, reference=number)


def _write(step: StepContext) -> None:
    folder = step.app.config.data / "slips"
    folder.mkdir(exist_ok=True)
    (folder / f"{step.inputs.number}.txt").write_text(f"{step.inputs.amount}\n", encoding="utf-8")


def _remove(step: StepContext) -> None:
    (step.app.config.data / "slips" / f"{step.inputs.number}.txt").unlink(missing_ok=True)


@hookimpl
def payment_providers() -> Sequence[PaymentProvider]:
    return (BankSlip(),)


@hookimpl
def step_kinds() -> Sequence[StepKind]:
    return (StepKind(WRITE, "Write the bank slip", _write, _remove, inputs=Slip),)
