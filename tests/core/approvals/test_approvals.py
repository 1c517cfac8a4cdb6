"""A second person: what waits, who decides, what is done then, and what the log says of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import col, select

from tests.clock import StandingClock
from trunkline import i18n
from trunkline.access.roles import actor_for
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.approvals import operations, queries
from trunkline.approvals.models import ApprovalState
from trunkline.approvals.schemas import Agree, Decline
from trunkline.approvals.second_person import Matter, SecondPerson, exceeds
from trunkline.approvals.words import Amount, Moment
from trunkline.auth.models import User, UserKind
from trunkline.customers import operations as customers
from trunkline.customers import queries as known
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Forbidden, NotFound, Refused, WaitsForSecondPerson
from trunkline.i18n import gettext as _
from trunkline.mail.models import Email
from trunkline.operation import Actor, Context, Scope, operation
from trunkline.testing import PASSWORD, Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()
_FROM = datetime(2026, 12, 24, 21, 30, tzinfo=UTC)
_REFUSED = "nobody renames this one"


class Rename(BaseModel):
    name: str
    reason: str = "none"


def _renaming(ctx: Context, number: str, command: Rename) -> Matter | None:
    if command.name.islower():
        return None
    customer = known.get(ctx, number)
    return Matter(
        _("Rename {number} to {name}", number=number, name=command.name),
        (
            (_("Reason"), command.reason),
            (_("Deposit"), Amount(1_234_500_000, "BRL")),
            (_("From"), Moment(_FROM)),
        ),
        5_000_000,
        "BRL",
        customer.key,
    )


@operation("core.customer.edit", approval=SecondPerson("Rename a customer", _renaming))
def rename(ctx: Context, number: str, command: Rename) -> Customer:
    customer = ctx.load_by(Customer, Customer.number, number, lock=True)
    if command.reason == "impossible":
        raise Refused(_REFUSED)
    customer.name = command.name
    ctx.note(customer, reason=command.reason)
    return customer


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 10, 5, 12, tzinfo=UTC))


@pytest.fixture
def people(app: App) -> dict[str, int]:
    """Ana asks, Bob may decide, Carla cares but may not decide, and there is an administrator."""
    with app.unit_of_work() as ctx:
        customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Old name", country="BR"))
    roles = {"ana": "supervisor", "bob": "supervisor", "carla": "customer_care", "root": "administrator"}
    return {name: create_user(app, f"{name}@example.com", role) for name, role in roles.items()}


def who(app: App, people: dict[str, int], name: str) -> Actor:
    with app.reading() as ctx:
        return actor_for(ctx.session, ctx.session.get_one(User, people[name]), "192.0.2.7")


def ask(app: App, actor: Actor, name: str = "New name", reason: str = "married") -> str:
    with pytest.raises(WaitsForSecondPerson) as waiting, app.unit_of_work(actor) as ctx:
        rename(ctx, "C000001", Rename(name=name, reason=reason))
    return waiting.value.number


def approve(app: App, actor: Actor, number: str, note: str = "") -> None:
    with app.unit_of_work(actor) as ctx:
        operations.approve(ctx, number, Agree(note=note))


def name_now(app: App) -> str:
    with app.reading() as ctx:
        return known.get(ctx, "C000001").name


def mails(app: App, template: str) -> set[str]:
    with app.reading() as ctx:
        found = ctx.session.scalars(select(Email).where(col(Email.template) == f"core/mail/{template}"))
        return {mail.recipient for mail in found}


@pytest.mark.both_databases
def test_what_needs_a_second_person_is_done_when_one_agrees_and_names_both(
    app: App, people: dict[str, int]
) -> None:
    number = ask(app, who(app, people, "ana"))
    assert (number, name_now(app)) == ("V000001", "Old name")
    assert mails(app, "approval_waiting") == {"bob@example.com", "root@example.com"}
    approve(app, who(app, people, "bob"), number, "I saw the papers")
    assert name_now(app) == "New name"
    assert mails(app, "approval_decided") == {"ana@example.com"}
    with app.reading() as ctx:
        entry = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.customer.edit")
        ).one()
        assert (entry.actor, entry.details["approved_by"]) == ("Ana", "Bob")
        assert entry.details["approval"] == number
        decision = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.approval.approve")
        ).one()
        assert (decision.actor, decision.details["asked_by"]) == ("Bob", "Ana")


def test_below_the_limit_and_for_the_system_nobody_is_asked(app: App, people: dict[str, int]) -> None:
    with app.unit_of_work(who(app, people, "ana")) as ctx:
        rename(ctx, "C000001", Rename(name="small"))
    assert name_now(app) == "small"
    with app.unit_of_work() as ctx:
        rename(ctx, "C000001", Rename(name="By the system"))
    assert name_now(app) == "By the system"


def test_nothing_else_of_the_unit_of_work_is_kept(app: App, people: dict[str, int]) -> None:
    def both() -> None:
        with app.unit_of_work(who(app, people, "ana")) as ctx:
            customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Half", country="BR"))
            rename(ctx, "C000001", Rename(name="New name"))

    with pytest.raises(WaitsForSecondPerson):
        both()
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer).where(col(Customer.name) == "Half")).first() is None
        assert queries.get(ctx, "V000001").asked_by == "Ana"


def test_nobody_is_their_own_second_person_and_others_need_the_permission_itself(
    app: App, people: dict[str, int]
) -> None:
    number = ask(app, who(app, people, "ana"))
    with pytest.raises(Forbidden, match="second person"):
        approve(app, who(app, people, "ana"), number)
    with pytest.raises(Forbidden, match=r"core\.approval\.approve"):
        approve(app, who(app, people, "carla"), number)
    accountant = create_user(app, "eva@example.com", "accountant")
    with pytest.raises(NotFound):
        approve(app, who(app, people | {"eva": accountant}, "eva"), number)
    assert name_now(app) == "Old name"


def test_whoever_works_as_somebody_else_neither_asks_nor_decides(app: App, people: dict[str, int]) -> None:
    ana, bob, root = (who(app, people, name) for name in ("ana", "bob", "root"))
    with pytest.raises(Forbidden, match="own name"), app.unit_of_work(ana, on_behalf_of=root) as ctx:
        rename(ctx, "C000001", Rename(name="New name"))
    number = ask(app, ana)
    with pytest.raises(Forbidden, match="own name"), app.unit_of_work(bob, on_behalf_of=ana) as ctx:
        operations.approve(ctx, number, Agree())
    assert name_now(app) == "Old name"


def test_the_same_request_waits_once(app: App, people: dict[str, int]) -> None:
    ana = who(app, people, "ana")
    assert ask(app, ana) == ask(app, ana) == "V000001"
    assert ask(app, ana, "Another name") == "V000002"


@pytest.mark.both_databases
def test_a_request_is_decided_once(app: App, people: dict[str, int]) -> None:
    number = ask(app, who(app, people, "ana"))
    approve(app, who(app, people, "bob"), number)
    with pytest.raises(Refused, match="decided already"):
        approve(app, who(app, people, "root"), number)
    assert name_now(app) == "New name"


def test_what_cannot_be_done_any_more_waits_on_until_it_is_refused(app: App, people: dict[str, int]) -> None:
    number, bob = ask(app, who(app, people, "ana"), reason="impossible"), who(app, people, "bob")
    with pytest.raises(Refused, match=_REFUSED):
        approve(app, bob, number)
    with app.reading() as ctx:
        assert queries.get(ctx, number).state == ApprovalState.WAITING
    with app.unit_of_work(bob) as ctx:
        operations.refuse(ctx, number, Decline(note="It cannot be"))
    with app.reading() as ctx:
        refused = queries.get(ctx, number)
        assert (refused.state, refused.decided_by, refused.note) == ("refused", "Bob", "It cannot be")


def test_who_lost_the_permission_meanwhile_gets_nothing_done(app: App, people: dict[str, int]) -> None:
    number = ask(app, who(app, people, "ana"))
    with app.unit_of_work() as ctx:
        from trunkline.access.operations import set_roles

        set_roles(ctx, ctx.session.get_one(User, people["ana"]), ["auditor"])
    with pytest.raises(Refused, match="may not do this any more"):
        approve(app, who(app, people, "bob"), number)


def test_only_who_asked_withdraws(app: App, people: dict[str, int]) -> None:
    number = ask(app, who(app, people, "ana"))
    with pytest.raises(Forbidden), app.unit_of_work(who(app, people, "bob")) as ctx:
        operations.withdraw(ctx, number)
    with app.unit_of_work(who(app, people, "ana")) as ctx:
        operations.withdraw(ctx, number)
    with pytest.raises(Refused, match="decided already"):
        approve(app, who(app, people, "bob"), number)


@pytest.mark.both_databases
def test_requests_expire(app: App, people: dict[str, int], clock: Any) -> None:
    number = ask(app, who(app, people, "ana"))
    clock.moment += timedelta(days=7)
    with pytest.raises(Refused, match="expired"):
        approve(app, who(app, people, "bob"), number)
    with app.unit_of_work() as ctx:
        operations.expire(ctx)
    with app.reading() as ctx:
        assert queries.get(ctx, number).state == ApprovalState.EXPIRED
    assert mails(app, "approval_decided") == {"ana@example.com"}


def test_currencies_are_not_compared() -> None:
    assert not exceeds(900, "BRL", None, "BRL")
    assert not exceeds(900, "BRL", 900, "BRL")
    assert exceeds(-901, "BRL", 900, "BRL")
    assert exceeds(1, "USD", 900, "BRL")
    assert not exceeds(0, "USD", 900, "BRL")


def test_the_queue_in_the_browser(app: App, people: dict[str, int], make_client: Any) -> None:
    number = ask(app, who(app, people, "ana"))
    ana, bob, carla = (make_client().sign_in(f"{name}@example.com") for name in ("ana", "bob", "carla"))
    assert "Rename C000001 to New name" in bob.get("/approvals").text
    assert "Rename C000001" not in carla.get("/approvals").text
    assert carla.get(f"/approvals/{number}").status_code == 404
    mine = ana.get(f"/approvals/{number}").text
    assert "This waits for a second person" in mine
    assert f"/approvals/{number}/approve" not in mine
    assert "married" in bob.get(f"/approvals/{number}").text
    empty = bob.submit(f"/approvals/{number}/refuse", {"note": ""})
    assert empty.status_code == 422
    done = bob.submit(f"/approvals/{number}/approve", {"note": "Seen the papers"})
    assert "Approved" in done.text
    assert "Seen the papers" in done.text
    assert name_now(app) == "New name"
    log = make_client().sign_in("root@example.com").get("/activity").text
    assert "Seen the papers" in log
    assert "married" in log


def test_everybody_reads_a_request_in_their_own_language(
    app: App, people: dict[str, int], make_client: Any
) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.get_one(User, people["bob"]).language = "pt_BR"
    with i18n.use_locale("en"):
        number = ask(app, who(app, people, "ana"))
    root, bob = (make_client().sign_in(f"{name}@example.com") for name in ("root", "bob"))
    english, portuguese = (one.get(f"/approvals/{number}").text for one in (root, bob))
    assert "R$1,234.50" in english
    assert "24 Dec 2026" in english
    assert "R$\u00a01.234,50" in portuguese
    assert "24 de dez. de 2026" in portuguese
    assert "Motivo" in portuguese
    with app.reading() as ctx:
        letters = ctx.session.scalars(select(Email).where(col(Email.template).endswith("approval_waiting")))
        texts = {letter.recipient: letter.text for letter in letters}
        assert "Motivo: married" in texts["bob@example.com"]
        assert "Reason: married" in texts["root@example.com"]


def test_the_queue_over_rest(app: App, people: dict[str, int], client: Browser) -> None:
    number = ask(app, who(app, people, "ana"))
    login = client.post("/api/v1/auth/login", json={"email": "bob@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    listed = client.get("/api/v1/approvals?state=waiting", headers=headers).json()["items"]
    assert [(item["number"], item["amount"], item["currency"]) for item in listed] == [
        (number, "5.00", "BRL")
    ]
    assert "amount_micros" not in listed[0]
    done = client.post(f"/api/v1/approvals/{number}/approve", json={"note": "ok"}, headers=headers)
    assert (done.status_code, done.json()["state"], name_now(app)) == (200, "approved", "New name")
    again = client.post(f"/api/v1/approvals/{number}/approve", json={}, headers=headers)
    assert again.status_code == 422


def test_the_menu_counts_what_waits_for_each_person(
    app: App, people: dict[str, int], make_client: Any
) -> None:
    ask(app, who(app, people, "ana"))
    ana, bob = (make_client().sign_in(f"{name}@example.com") for name in ("ana", "bob"))
    badge = 'Approvals</span><span class="badge">1<'
    assert badge in bob.get("/approvals").text
    assert badge not in ana.get("/approvals").text


def test_who_sees_few_customers_decides_about_those_only(app: App, people: dict[str, int]) -> None:
    number = ask(app, who(app, people, "ana"))
    bob = who(app, people, "bob")
    elsewhere = replace(bob, scope=Scope(customer_ids=frozenset({99})))
    with app.reading(elsewhere) as ctx:
        assert queries.waiting_for(ctx) == 0
        with pytest.raises(NotFound):
            queries.get(ctx, number)
    here = replace(bob, scope=Scope(customer_ids=frozenset({1})))
    with app.reading(here) as ctx:
        assert queries.waiting_for(ctx) == 1
    with pytest.raises(NotFound):
        approve(app, elsewhere, number)
    approve(app, here, number)
    assert name_now(app) == "New name"


def test_a_program_asks_but_does_not_decide(app: App, people: dict[str, int]) -> None:
    number = ask(app, who(app, people, "ana"))
    with app.unit_of_work() as ctx:
        ctx.session.get_one(User, people["bob"]).kind = UserKind.SERVICE
    with pytest.raises(Forbidden, match="A person decides"):
        approve(app, who(app, people, "bob"), number)
    other = ask(app, who(app, people, "bob"), "Another name")
    approve(app, who(app, people, "ana"), other)
    assert name_now(app) == "Another name"
