"""Events: asked before, told after; retried, parked and retried again; in order per entity; never harming the operation."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer, UpdateCustomer
from trunkline.errors import Refused
from trunkline.events.delivery import MAX_TRIES, deliver_due
from trunkline.events.models import DeliveryState, EventDelivery, OutboxEvent
from trunkline.plugin_life.operations import retry_delivery, retry_parked
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def script() -> str:
    """The extension script that listens."""
    return LISTENER


@pytest.fixture
def config(config: Config, script: str) -> Config:
    """A lenient system with one extension script, `heard.py`."""
    folder = config.extension_folder
    folder.mkdir(parents=True)
    (folder / "heard.py").write_text(script.replace("FOLDER", repr(str(folder))))
    return config.model_copy(update={"strict_plugins": False})


#: Writes what it hears into a file; fails while a file called `broken` lies beside it.
LISTENER = """
from pathlib import Path
from trunkline.plugin import hookimpl

folder = Path(FOLDER)

def _hear(event, word):
    if (folder / "broken").exists():
        raise RuntimeError("cannot hear")
    with (folder / "heard.txt").open("a") as file:
        print(word, event.number, file=file)

@hookimpl
def on_customer_registered(event):
    _hear(event, "registered")

@hookimpl
def on_customer_changed(event):
    _hear(event, "changed")
"""


def _heard(app: App) -> list[str]:
    path = app.config.extension_folder / "heard.txt"
    return path.read_text().splitlines() if path.exists() else []


def _register(app: App, name: str = "Ana Prado") -> Customer:
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name))


def _rename(app: App, customer: Customer, name: str) -> None:
    with app.unit_of_work() as ctx:
        customers.update(ctx, customer.number, UpdateCustomer(name=name))


def _deliveries(app: App) -> list[EventDelivery]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(EventDelivery).order_by(col(EventDelivery.id))))


@pytest.mark.both_databases
def test_a_subscriber_hears_in_order_and_once(app: App) -> None:
    customer = _register(app)
    _rename(app, customer, "Ana Prado Lima")
    assert _heard(app) == []
    assert deliver_due(app) == 2
    assert deliver_due(app) == 0
    assert _heard(app) == [f"registered {customer.number}", f"changed {customer.number}"]


@pytest.mark.both_databases
def test_a_failing_subscriber_is_tried_again_later_and_later_and_then_parked(
    app: App, clock: StandingClock
) -> None:
    (app.config.extension_folder / "broken").touch()
    _register(app)
    waits = []
    for _ in range(MAX_TRIES):
        before = clock.moment
        assert deliver_due(app) == 0
        (delivery,) = _deliveries(app)
        waits.append(delivery.next_try_at - before)
        assert deliver_due(app) == 0, "tried again without a pause"
        clock.moment = delivery.next_try_at
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]
    assert (delivery.state, delivery.tries) == (DeliveryState.PARKED, MAX_TRIES)
    assert delivery.error == "RuntimeError: cannot hear"
    clock.pass_time(days=365)
    assert deliver_due(app) == 0


def test_what_a_parked_delivery_told_of_has_happened_all_the_same(app: App) -> None:
    (app.config.extension_folder / "broken").touch()
    customer = _register(app)
    deliver_due(app)
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).one().number == customer.number
        assert ctx.session.scalars(select(OutboxEvent)).one().name == "customer.registered"


def test_later_events_of_an_entity_wait_and_those_of_others_do_not(app: App, clock: StandingClock) -> None:
    broken = app.config.extension_folder / "broken"
    broken.touch()
    first = _register(app, "Ana Prado")
    deliver_due(app)
    broken.unlink()
    _rename(app, first, "Ana Lima")
    second = _register(app, "Bento Reis")
    assert deliver_due(app) == 1
    assert _heard(app) == [f"registered {second.number}"]
    clock.pass_time(hours=1)
    assert deliver_due(app) == 2
    assert _heard(app)[1:] == [f"registered {first.number}", f"changed {first.number}"]


def _park(app: App, clock: StandingClock) -> None:
    for _ in range(MAX_TRIES):
        deliver_due(app)
        clock.pass_time(hours=2)


def test_a_parked_delivery_is_retried_by_hand(app: App, clock: StandingClock) -> None:
    broken = app.config.extension_folder / "broken"
    broken.touch()
    customer = _register(app)
    _park(app, clock)
    broken.unlink()
    with app.unit_of_work() as ctx:
        assert retry_parked(ctx) == 1
    assert deliver_due(app) == 1
    assert _heard(app) == [f"registered {customer.number}"]
    (delivery,) = _deliveries(app)
    with pytest.raises(Refused, match="not parked"), app.unit_of_work() as ctx:
        retry_delivery(ctx, delivery.id or 0)


def test_the_system_page_shows_a_parked_delivery_and_retries_it(
    app: App, clock: StandingClock, staff: Callable[..., Browser]
) -> None:
    broken = app.config.extension_folder / "broken"
    broken.touch()
    _register(app)
    _park(app, clock)
    browser = staff()
    page = browser.get("/system").text
    assert "extension_heard" in page
    assert "RuntimeError: cannot hear" in page
    assert "One is parked." in page
    (delivery,) = _deliveries(app)
    broken.unlink()
    answer = browser.submit(f"/system/deliveries/{delivery.id}/retry", page="/system", follow_redirects=False)
    assert answer.status_code == 303
    assert deliver_due(app) == 1
    assert "cannot hear" not in browser.get("/system").text


ASKER = """
from trunkline.errors import Refused
from trunkline.plugin import hookimpl
from sqlalchemy import text

@hookimpl
def before_customer_registered(ctx, event):
    if "refuse" in ctx.actor.name:
        raise Refused("We are closed on Sundays.", field="name")
    if "crash" in ctx.actor.name:
        ctx.session.execute(text("SELECT nothing FROM nowhere"))
    if "swallow" in ctx.actor.name:
        try:
            ctx.session.execute(text("SELECT nothing FROM nowhere"))
        except Exception:
            pass
"""


def _register_as(app: App, name: str) -> None:
    from trunkline.testing import actor_with

    with app.unit_of_work(actor_with("core.customer.create", name=name)) as ctx:
        customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))


def _registered(app: App) -> int:
    with app.reading() as ctx:
        return len(ctx.session.scalars(select(Customer)).all())


@pytest.mark.both_databases
@pytest.mark.parametrize("script", [ASKER])
def test_a_before_hook_refuses_in_its_own_words_and_nothing_is_done(app: App, script: str) -> None:
    with pytest.raises(Refused, match="We are closed on Sundays") as caught:
        _register_as(app, "refuse")
    assert caught.value.field == "name"
    assert _registered(app) == 0
    _register_as(app, "nobody special")
    assert _registered(app) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("script", [ASKER])
def test_a_before_hook_that_crashes_refuses_and_is_named(app: App, script: str) -> None:
    with pytest.raises(Refused, match="The plugin extension_heard failed"):
        _register_as(app, "crash")
    assert _registered(app) == 0
    assert ("extension_heard", "hook before_customer_registered") in app.hooks.faults


@pytest.mark.both_databases
@pytest.mark.parametrize("script", [ASKER])
def test_a_before_hook_that_swallows_an_sql_error_spoils_nothing(app: App, script: str) -> None:
    """SQLite goes on after an error. PostgreSQL does not, so there the hook counts as crashed."""
    if app.database.is_sqlite:
        _register_as(app, "swallow")
        assert _registered(app) == 1
        return
    with pytest.raises(Refused, match="The plugin extension_heard failed"):
        _register_as(app, "swallow")
    assert _registered(app) == 0


def test_a_subscriber_that_is_gone_parks_its_deliveries(
    app: App, clock: StandingClock, tmp_path: Path
) -> None:
    from trunkline.jobs.wake import Silent

    _register(app)
    (app.config.extension_folder / "heard.py").unlink()
    without = App.start(app.config, clock=clock, waker=Silent())
    _park(without, clock)
    (delivery,) = _deliveries(without)
    assert delivery.state == DeliveryState.PARKED
    assert "extension_heard is not enabled any more" in delivery.error
    without.close()
