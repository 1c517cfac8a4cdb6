"""Taking money by whichever way was chosen: each is a provider that some plugin offers."""

from secrets import token_hex

from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context, operation
from trunkline.providers import PaymentRequest, PaymentResult
from trunkline_billing.operations.accounts import account_by_number
from trunkline_billing.paying import Way, asking, ways_to_pay
from trunkline_billing.queries.invoices import payment
from trunkline_billing.schemas import PaymentTaken, TakePayment, micros


@operation("billing.payment.record")
def take_payment(ctx: Context, command: TakePayment) -> PaymentTaken:
    """Take money, or begin to, by the chosen provider. The same `key` takes it once.

    Raises Refused naming the field: an unknown account or provider, what the provider refuses, or `provider` when it fails.
    """
    ways = ways_to_pay(ctx)
    way = ways.get(command.provider)
    if way is None:
        raise Refused(
            _("No enabled plugin takes money by “{name}”.", name=command.provider),
            field="provider",
            remedy=_("Choose one of {names}.", names=", ".join(ways) or "–"),
        )
    account = account_by_number(ctx, command.account_number)
    request = PaymentRequest(
        account_number=account.number,
        amount=Money(micros(command.amount), account.currency),
        key=command.key or ctx.idempotency_key or token_hex(12),
        reference=command.reference,
        method=command.method,
        desk=command.desk,
        note=command.note,
        invoices=tuple(command.invoices),
    )
    result = _asked(ctx, way, request)
    number = _number(ctx, result)
    ctx.note(account, label=account.number, provider=way.name, settled=result.settled)
    return PaymentTaken(
        provider=way.name,
        label=way.label,
        settled=result.settled,
        reference=result.reference,
        redirect=result.redirect,
        number=number,
    )


def _asked(ctx: Context, way: Way, request: PaymentRequest) -> PaymentResult:
    sorry = _("“{way}” failed, so no money was taken.", way=way.label)
    with asking(ctx, way, field="provider", doing="payment provider", failed=sorry):
        result = way.provider.take(ctx, request)
        if not isinstance(result, PaymentResult):
            raise TypeError(f"{type(result).__name__} returned where PaymentResult is wanted")
        if result.redirect and (not result.redirect.startswith("/") or result.redirect.startswith("//")):
            raise ValueError(f"“{result.redirect}” is no path of this system")
    return result


def _number(ctx: Context, result: PaymentResult) -> str:
    """The number of the payment that was recorded, if the provider recorded one."""
    if not result.settled:
        return ""
    try:
        return payment(ctx, result.reference).number
    except NotFound:
        return ""
