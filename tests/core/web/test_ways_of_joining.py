"""What a list reads from is asked of SQLAlchemy once for all selects that join alike; those that only look alike are others."""

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    func,
    select,
)

from trunkline.web.table_plan import froms_of, lean

_META = MetaData()
PLACE = Table("place", _META, Column("id", Integer, primary_key=True), Column("name", String, nullable=False))
MOVE = Table(
    "move",
    _META,
    Column("id", Integer, primary_key=True),
    Column("from_id", ForeignKey("place.id"), nullable=False),
    Column("to_id", ForeignKey("place.id"), nullable=False),
)


def _moves(before: Any, after: Any) -> Select[Any]:
    return (
        select(MOVE.c.id, before.c.name.label("from"), after.c.name.label("to"))
        .outerjoin(before, before.c.id == MOVE.c.from_id)
        .outerjoin(after, after.c.id == MOVE.c.to_id)
    )


def _count(statement: Select[Any]) -> int:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _META.create_all(connection)
        connection.execute(PLACE.insert(), [{"id": 1, "name": "Main"}, {"id": 2, "name": "Van"}])
        moves = [
            {"id": 1, "from_id": 1, "to_id": 2},
            {"id": 2, "from_id": 2, "to_id": 1},
            {"id": 3, "from_id": 1, "to_id": 2},
        ]
        connection.execute(MOVE.insert(), moves)
        rows = lean(statement, MOVE.c.id).subquery()
        return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def test_selects_that_join_the_same_are_asked_about_once() -> None:
    before, after = PLACE.alias(), PLACE.alias()
    first, second = froms_of(_moves(before, after)), froms_of(_moves(before, after).where(MOVE.c.id > 1))
    assert first is second


@pytest.mark.parametrize("turned", [False, True])
def test_aliases_that_look_alike_are_not_taken_for_each_other(turned: bool) -> None:
    for _again in range(3):
        before, after = PLACE.alias(), PLACE.alias()
        statement = _moves(after, before) if turned else _moves(before, after)
        assert _count(statement.where(before.c.name == "Main")) == (1 if turned else 2)
    # The very same aliases, joined the other way round.
    assert _count(_moves(after, before).where(before.c.name == "Main")) == 1


def test_what_is_joined_to_is_known_where_only_an_expression_and_the_condition_name_it() -> None:
    for _again in range(3):
        move = MOVE.alias()
        statement = select((move.c.id + 1).label("next"), PLACE.c.name).join(
            PLACE, PLACE.c.id == move.c.from_id
        )
        (clause,) = froms_of(statement)
        assert hash(move) in {hash(one) for one in clause._from_objects}


@pytest.mark.parametrize("wanted", ["Main", "Van", "Nowhere"])
def test_a_join_by_a_value_is_asked_by_that_value(wanted: str) -> None:
    statement = select(MOVE.c.id, PLACE.c.name).join(
        PLACE, (PLACE.c.id == MOVE.c.from_id) & (PLACE.c.name == wanted)
    )
    assert _count(statement) == {"Main": 2, "Van": 1}.get(wanted, 0)
