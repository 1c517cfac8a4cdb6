"""Prepared reads find what SQLAlchemy itself finds, on both databases."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.exc import DBAPIError

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import operations
from trunkline.customers.models import Customer, CustomerKind, Reseller, Site
from trunkline.customers.schemas import AddressData, RegisterCustomer
from trunkline.db.prepared import Prepared, among, columns
from trunkline.db.recent import Recent
from trunkline.operation import Actor, ActorKind, Context, Scope

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
_ENTRY, _CUSTOMER = columns(ActivityEntry), columns(Customer)
BORN = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


def customers(ctx: Context, count: int = 3) -> list[Customer]:
    return [
        operations.register(
            ctx,
            RegisterCustomer(
                kind=CustomerKind.INDIVIDUAL,
                name=f"Ana {n}",
                address=AddressData(street=f"Rua {n}", city="Recife"),
            ),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("model", [ActivityEntry, Customer, Site])
def test_values_of_every_column_are_what_sqlalchemy_makes_of_them(ctx: Context, model: type) -> None:
    customers(ctx)
    statement = select(*columns(model)).order_by(columns(model).id)
    found = Prepared(statement).rows(ctx)
    assert [tuple(row) for row in found] == [tuple(row) for row in ctx.session.execute(statement)]
    assert [row._asdict() for row in found] == [
        dict(row) for row in ctx.session.execute(statement).mappings()
    ]


def test_parameters_are_converted_as_their_columns_are(ctx: Context) -> None:
    customers(ctx)
    ctx.session.add(ActivityEntry(at=BORN, operation="x", actor_kind="staff", actor="a", changes=[{"é": 1}]))
    then = Prepared(select(_ENTRY.at, _ENTRY.changes).where(_ENTRY.at == bindparam("at")))
    assert [tuple(row) for row in then.rows(ctx, at=BORN)] == [(BORN, [{"é": 1}])]
    among_others = Prepared(select(_ENTRY.at).where(_ENTRY.at.in_(among("moments"))))
    assert [row.at for row in among_others.rows(ctx, moments=[BORN, datetime.now(UTC)])] == [BORN]


def test_signs_that_mean_something_to_a_driver_are_what_they_are(ctx: Context) -> None:
    customers(ctx)
    named = Prepared(
        select(_CUSTOMER.name, literal_column("'%(a)s $1 %'").label("signs"), _CUSTOMER.id % 1)
        .where(_CUSTOMER.name.like("%a 1"), _CUSTOMER.name >= bindparam("name"))
        .where(_CUSTOMER.name != bindparam("other"), _CUSTOMER.name.endswith(bindparam("name") + ""))
    )
    for _ in range(4):
        assert [tuple(row) for row in named.rows(ctx, name="Ana 1", other="%s")] == [
            ("Ana 1", "%(a)s $1 %", 0)
        ]


@pytest.mark.parametrize("count", [0, 1, 2, 60])
def test_lists_of_any_length_are_looked_for(ctx: Context, count: int) -> None:
    known = customers(ctx)
    by_keys = Prepared(
        select(_CUSTOMER.name)
        .where(_CUSTOMER.id.in_(among("keys")), _CUSTOMER.status.in_(("pending", "active")))
        .order_by(_CUSTOMER.id)
    )
    keys = [known[0].key, known[2].key, *range(10**6, 10**6 + 60)][:count]
    assert [row.name for row in by_keys.rows(ctx, keys=keys)] == ["Ana 0", "Ana 2"][:count]
    assert [row.name for row in by_keys.rows(ctx, keys=tuple(keys))] == ["Ana 0", "Ana 2"][:count]


def test_who_sees_only_some_customers_finds_only_theirs(app: App) -> None:
    with app.unit_of_work() as ctx:
        reseller = Reseller(code="sul", name="Sul")
        ctx.session.add(reseller)
        ctx.session.flush()
        customers(ctx)[1].reseller_id = reseller.id
    everyone = Prepared(select(_CUSTOMER.name).order_by(_CUSTOMER.id), Customer)
    limited = Actor(ActorKind.STAFF, 7, "dealer", frozenset(), Scope(reseller_id=reseller.id))
    with app.reading(limited) as ctx:
        assert [row.name for row in everyone.rows(ctx)] == ["Ana 1"]
    with app.reading() as ctx:
        assert len(everyone.rows(ctx)) == 3


def test_what_was_changed_a_moment_ago_is_read(ctx: Context) -> None:
    customers(ctx)[0].name = "Bia"
    names = Prepared(select(_CUSTOMER.name).order_by(_CUSTOMER.id))
    assert names.rows(ctx)[0].name == "Bia"


def test_an_error_of_the_database_is_the_one_that_sqlalchemy_raises(ctx: Context) -> None:
    broken = Prepared(select(literal_column("nothing").label("n")).select_from(_CUSTOMER.id.table))
    with pytest.raises(DBAPIError) as caught:
        broken.rows(ctx)
    ctx.session.rollback()
    with pytest.raises(type(caught.value)):
        ctx.session.execute(select(literal_column("nothing")).select_from(_CUSTOMER.id.table))


def test_what_was_read_a_moment_ago_serves_readers_and_who_writes_reads_anew(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent = Recent(Prepared(select(_CUSTOMER.name).order_by(_CUSTOMER.name)))

    def names() -> list[str]:
        with app.reading() as reading:
            return [row.name for row in recent.rows(reading)]

    assert names() == []
    with app.unit_of_work() as writing:
        customers(writing, 1)
        assert [row.name for row in recent.rows(writing)] == ["Ana 0"]
    assert names() == []
    later = time.monotonic() + 31
    monkeypatch.setattr("trunkline.db.recent.monotonic", lambda: later)
    assert names() == ["Ana 0"]
