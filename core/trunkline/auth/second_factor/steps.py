"""Sign-ins between the first and the second message: a token outside, its digest and a short life in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlmodel import col

from trunkline.auth.digest import digest, new_token
from trunkline.auth.second_factor.models import OpenStep
from trunkline.operation import Context

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from trunkline.app import App

LIFETIME = timedelta(minutes=10)
#: Wrong codes after which the password has to be given again.
MOST_ATTEMPTS = 5


class Purpose(StrEnum):
    """What completes the step."""

    CONFIRM = "confirm"
    SET_UP = "set_up"
    PASSKEY = "passkey"
    NEW_PASSKEY = "new_passkey"


@dataclass(frozen=True)
class Step:
    """A step that is open. `user_id` 0: nobody has been proved yet."""

    id: int
    purpose: Purpose
    user_id: int
    method: str
    passkey_challenge: str


def begin(
    ctx: Context,
    purpose: Purpose,
    *,
    user_id: int | None = None,
    method: str = "",
    passkey_challenge: str = "",
) -> str:
    """Open a step; returns the token that completes it within ten minutes."""
    token, now = new_token(), ctx.now()
    ctx.session.add(
        OpenStep(
            token_hash=digest(token),
            purpose=purpose,
            user_id=user_id,
            method=method,
            passkey_challenge=passkey_challenge,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    ctx.session.flush()
    return token


def find(session: "Session", token: str, now: datetime, *purposes: Purpose) -> Step | None:
    """The open step of this token; None when it is unknown, over, for something else or was tried too often."""
    if not token:
        return None
    row = session.scalars(
        select(OpenStep).where(
            col(OpenStep.token_hash) == digest(token),
            col(OpenStep.expires_at) > now,
            col(OpenStep.purpose).in_(purposes),
            col(OpenStep.attempts) < MOST_ATTEMPTS,
        )
    ).one_or_none()
    if row is None or row.id is None:
        return None
    return Step(row.id, Purpose(row.purpose), row.user_id or 0, row.method, row.passkey_challenge)


def count_attempt(app: "App", step: Step) -> bool:
    """Count a try, which stays counted whatever follows; False when there were too many."""
    with app.unit_of_work() as ctx:
        counted = ctx.session.execute(
            update(OpenStep)
            .where(col(OpenStep.id) == step.id, col(OpenStep.attempts) < MOST_ATTEMPTS)
            .values(attempts=col(OpenStep.attempts) + 1)
            .returning(col(OpenStep.id))
        )
        return counted.first() is not None


def complete(ctx: Context, step: Step) -> bool:
    """Close the step; False when somebody else was faster, so that it completes once."""
    closed = ctx.session.execute(
        delete(OpenStep).where(col(OpenStep.id) == step.id).returning(col(OpenStep.id))
    )
    return closed.first() is not None


def sweep(ctx: Context) -> None:
    """Forget steps whose time is over."""
    ctx.session.execute(delete(OpenStep).where(col(OpenStep.expires_at) <= ctx.now()))
