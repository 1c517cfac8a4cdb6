"""Counts that every process sees: a storage of the package `limits` on a table, for installations without Redis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from limits.storage import Storage
from sqlalchemy import bindparam, case, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, SQLModel, col

from trunkline.db.prepared import Prepared, among, columns
from trunkline.db.types import UtcDateTime
from trunkline.db.upserting import insert_into

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context


class AttemptCount(SQLModel, table=True):
    """How often something was tried since its count began; forgotten at `expires_at`."""

    __tablename__ = "core_attempt_count"

    name: str = Field(primary_key=True, max_length=200)
    amount: int
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)


_COUNT = columns(AttemptCount)
_COUNTS = Prepared(
    select(_COUNT.amount, _COUNT.expires_at).where(
        _COUNT.name.in_(among("names")), _COUNT.expires_at > bindparam("moment", type_=UtcDateTime())
    )
)
_FORGET = delete(AttemptCount).where(col(AttemptCount.name).in_(among("names")))


class TableStorage(Storage):
    """Counts in the database. Each change is a short transaction of its own, so that a refused request is counted too."""

    STORAGE_SCHEME = None

    def __init__(self, app: "App") -> None:
        super().__init__()
        self._app = app

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What a broken database raises."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more under `key`, whose count lives `expiry` seconds from its beginning; returns the count."""
        with self._app.unit_of_work() as ctx:
            connection, now = ctx.connection(), ctx.now()
            values = {
                "name": key,
                "amount": amount,
                "expires_at": now + timedelta(seconds=expiry),
                "moment": now,
            }
            return int(connection.execute(_counting(connection.dialect.name), values).scalar_one())

    def get(self, key: str) -> int:
        """The count under `key`; 0 when there is none or its time is over."""
        return self._row(key)[0]

    def get_expiry(self, key: str) -> float:
        """When the count under `key` is forgotten, in seconds since 1970; now when there is none."""
        return self._row(key)[1].timestamp()

    def last_expiry(self, keys: Sequence[str]) -> datetime | None:
        """When the last of several counts is forgotten; None when there is none."""
        with self._app.reading() as ctx:
            rows = _COUNTS.found(ctx.connection(), names=list(keys), moment=ctx.now())
        return max((row.expires_at for row in rows), default=None)

    def _row(self, key: str) -> tuple[int, datetime]:
        with self._app.reading() as ctx:
            now = ctx.now()
            rows = _COUNTS.found(ctx.connection(), names=[key], moment=now)
        return next(((row.amount, row.expires_at) for row in rows), (0, now))

    def check(self) -> bool:
        """Whether the table can be read."""
        try:
            self.get("")
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int:
        """Forget every count."""
        with self._app.unit_of_work() as ctx:
            return len(ctx.session.scalars(delete(AttemptCount).returning(col(AttemptCount.name))).all())

    def clear(self, key: str) -> None:
        """Forget the count under `key`."""
        self.clear_all([key])

    def clear_all(self, keys: Sequence[str]) -> None:
        """Forget the counts under several keys in one transaction: each waits for the disk."""
        with self._app.unit_of_work() as ctx:
            ctx.connection().execute(_FORGET, {"names": list(keys)})


def sweep(ctx: "Context") -> None:
    """Forget counts whose time is over."""
    ctx.session.execute(delete(AttemptCount).where(col(AttemptCount.expires_at) <= ctx.now()))


@lru_cache(maxsize=2)
def _counting(dialect: str) -> Any:
    """Counting in one statement, built once: that takes longer than running it."""
    fresh = insert_into(AttemptCount, dialect).values(
        {name: bindparam(name) for name in ("name", "amount", "expires_at")}
    )
    begins_anew = col(AttemptCount.expires_at) <= bindparam("moment", type_=UtcDateTime())
    return fresh.on_conflict_do_update(
        index_elements=[col(AttemptCount.name)],
        set_={
            "amount": case(
                (begins_anew, fresh.excluded.amount), else_=col(AttemptCount.amount) + fresh.excluded.amount
            ),
            "expires_at": case((begins_anew, fresh.excluded.expires_at), else_=col(AttemptCount.expires_at)),
        },
    ).returning(col(AttemptCount.amount))


def at(timestamp: float) -> datetime:
    """The moment of a storage's expiry."""
    return datetime.fromtimestamp(timestamp, UTC)
