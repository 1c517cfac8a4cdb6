"""People who asked to become customers and then chose somebody else: registered, and closed before anything was sold."""

from datetime import timedelta

from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import CustomerKind, CustomerStatus
from trunkline.customers.schemas import RegisterCustomer, SetStatus
from trunkline.demo.month import DemoMonth
from trunkline.demo.people import draw_name

#: So many a month at full scale, at most.
_MOST = 6
_REASONS = ("Chose another operator", "Moves to a place without coverage", "Too expensive")


def turn_away(app: App, month: DemoMonth) -> None:
    """Have some of the month's newcomers leave in its last days; nobody in the current month, which has no last days yet."""
    if month.is_current:
        return
    random = month.random("turning away")
    month.clock.move_to(month.ends - timedelta(days=2))
    with app.unit_of_work() as ctx:
        for _nobody in range(max(1, round(random.randint(1, _MOST) * month.scale))):
            person = RegisterCustomer(
                kind=CustomerKind.INDIVIDUAL,
                name=draw_name(random),
                status=CustomerStatus.PENDING.value,
                country="BR",
                language="pt_BR",
            )
            number = operations.register(ctx, person).number
            gone = SetStatus(status=CustomerStatus.CLOSED, reason=random.choice(_REASONS))
            operations.set_status(ctx, number, gone)
    month.work()
