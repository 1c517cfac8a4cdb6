"""Counts that every process sees: a storage of the package `limits` on a table, for installations without Redis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, SQLModel, col

from trunkline.db.types import UtcDateTime

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Context


class AttemptCount(SQLModel, table=True):
    """How often something was tried since its count began; forgotten at `expires_at`."""

    __tablename__ = "core_attempt_count"

    name: str = Field(primary_key=True, max_length=200)
    amount: int
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)


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
            now = ctx.now()
            fresh = _insert(ctx)(AttemptCount).values(
                name=key, amount=amount, expires_at=now + timedelta(seconds=expiry)
            )
            begins_anew = col(AttemptCount.expires_at) <= now
            statement = fresh.on_conflict_do_update(
                index_elements=[col(AttemptCount.name)],
                set_={
                    "amount": case((begins_anew, amount), else_=col(AttemptCount.amount) + amount),
                    "expires_at": case(
                        (begins_anew, fresh.excluded.expires_at), else_=col(AttemptCount.expires_at)
                    ),
                },
            ).returning(col(AttemptCount.amount))
            return int(ctx.session.execute(statement).scalar_one())

    def get(self, key: str) -> int:
        """The count under `key`; 0 when there is none or its time is over."""
        return self._row(key)[0]

    def get_expiry(self, key: str) -> float:
        """When the count under `key` is forgotten, in seconds since 1970; now when there is none."""
        return self._row(key)[1].timestamp()

    def _row(self, key: str) -> tuple[int, datetime]:
        with self._app.reading() as ctx:
            now = ctx.now()
            row = ctx.session.execute(
                select(col(AttemptCount.amount), col(AttemptCount.expires_at)).where(
                    col(AttemptCount.name) == key, col(AttemptCount.expires_at) > now
                )
            ).one_or_none()
        return (row[0], row[1]) if row is not None else (0, now)

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
            ctx.session.execute(delete(AttemptCount).where(col(AttemptCount.name).in_(keys)))


def sweep(ctx: "Context") -> None:
    """Forget counts whose time is over."""
    ctx.session.execute(delete(AttemptCount).where(col(AttemptCount.expires_at) <= ctx.now()))


def _insert(ctx: "Context") -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return postgresql.insert if ctx.session.get_bind().dialect.name == "postgresql" else sqlite.insert


def at(timestamp: float) -> datetime:
    """The moment of a storage's expiry."""
    return datetime.fromtimestamp(timestamp, UTC)
