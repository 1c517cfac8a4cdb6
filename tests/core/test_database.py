"""A database that cannot be reached is told from a statement that it refuses: the one says nothing about who asked."""

import pytest
from sqlalchemy.exc import OperationalError

from tests.services.loopback import free_port
from trunkline.db.engine import Database

pytestmark = pytest.mark.plugins()


@pytest.mark.parametrize("way", ["read", "write"])
def test_one_that_lets_nobody_in_is_away_as_one_that_breaks_off_is(way: str) -> None:
    database = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(OperationalError) as refused, getattr(database, way)() as session:
        session.connection()
    assert refused.value.connection_invalidated
    database.dispose()
