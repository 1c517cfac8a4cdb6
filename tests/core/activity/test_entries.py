"""The activity log says in words who did what, with the values before and after, and never a secret."""

from collections.abc import Callable

from sqlmodel import select

from trunkline.activity import words
from trunkline.activity.models import ActivityEntry
from trunkline.activity.words import title
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.testing import Browser


def test_an_entry_reads_like_a_sentence() -> None:
    assert title("billing.run.run", "billing_run") == "Run started"
    assert title("billing.invoice.issue", "billing_invoice") == "Invoice issued"
    assert title("core.user.sign_in", "core_user") == "User signed in"
    assert title("core.customer.edit", "core_customer_contact", [{"action": "created"}]) == "Contact added"


def test_registering_a_customer_leaves_one_entry_that_names_the_customer(
    app: App, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        customer = operations.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))
        number = customer.number
    with app.reading() as ctx:
        statement = select(ActivityEntry).where(ActivityEntry.operation == "core.customer.create")
        entry = ctx.session.scalars(statement).one()
    assert entry.subject == number
    assert entry.actor == "system"
    created = next(change for change in entry.changes if change["entity"] == "core_customer")
    assert created["fields"]["name"] == [None, "Ana Prado"]
    auditor = staff("auditor")
    assert "Customer registered" in auditor.get("/activity").text
    assert "Ana Prado" in auditor.get(f"/activity/{entry.id}").text


def test_a_password_is_never_in_the_log(app: App, staff: Callable[..., Browser]) -> None:
    staff("auditor")
    with app.reading() as ctx:
        logged = str([(e.changes, e.details) for e in ctx.session.scalars(select(ActivityEntry))])
    assert "argon2" not in logged
    assert "staple" not in logged


def test_customer_care_may_not_read_the_whole_log(staff: Callable[..., Browser]) -> None:
    assert staff("customer_care").get("/activity").status_code == 403


def test_fractions_days_and_states_are_written_as_people_read_them() -> None:
    said = [
        (words.field(name), words.value(logged, name))
        for name, logged in (
            ("paid_micros", 60_200_000),
            ("rate_nanos", 12_345),
            ("paid_micros", 0),
            ("due_date", "2026-12-07"),
            ("state", "open"),
            ("count", 3),
            ("parent_id", 7),
            ("sha256", "5f0c"),
        )
    ]
    assert said == [
        ("Paid", "60.20"),
        ("Rate", "0.000012345"),
        ("Paid", "0.00"),
        ("Due date", "7 Dec 2026"),
        ("State", "Open"),
        ("Count", "3"),
        ("Parent", "7"),
        ("Checksum", "5f0c"),
    ]
