"""Six-digit codes: made, kept as a keyed digest, tried five times at most, gone after ten minutes or one use."""

import secrets as random
from datetime import timedelta
from hmac import compare_digest

from sqlalchemy import delete, select
from sqlmodel import col

from trunkline import secrets
from trunkline.auth.code_sign_in.models import CodePurpose, SentCode
from trunkline.auth.digest import digest
from trunkline.auth.models import User
from trunkline.operation import Context

LIFETIME = timedelta(minutes=10)
MOST_ATTEMPTS = 5


def make(
    ctx: Context, purpose: CodePurpose, user: User | None, token: str, account: str = "", phone: str = ""
) -> str:
    """A fresh code that counts together with `token`; for nobody when `user` is None. It goes to `phone`, or the user's own."""
    code, hashed, now = f"{random.randbelow(10**6):06}", digest(token), ctx.now()
    ctx.session.add(
        SentCode(
            purpose=purpose,
            token_hash=hashed,
            user_id=user.key if user is not None else None,
            account=account,
            code_digest=_kept(hashed, code),
            phone=phone or (user.phone if user is not None else ""),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    ctx.session.flush()
    return code


def account_of(ctx: Context, token: str) -> str:
    """What attempts with this token are counted under."""
    hashed = digest(token)
    statement = select(col(SentCode.account)).where(col(SentCode.token_hash) == hashed)
    return ctx.session.scalar(statement) or hashed


def user_of(ctx: Context, token: str) -> int | None:
    """Whom the code of this token was for, right or wrong."""
    return ctx.session.scalar(select(col(SentCode.user_id)).where(col(SentCode.token_hash) == digest(token)))


def phone_of(ctx: Context, purpose: CodePurpose, token: str) -> str:
    """The phone that the open code of this token went to; empty when there is none."""
    statement = select(col(SentCode.phone)).where(
        col(SentCode.token_hash) == digest(token),
        col(SentCode.purpose) == purpose,
        col(SentCode.expires_at) > ctx.now(),
        col(SentCode.attempts) < MOST_ATTEMPTS,
    )
    return ctx.session.scalar(statement) or ""


def spend(ctx: Context, purpose: CodePurpose, token: str, code: str) -> User | None:
    """Count a try; the user when the code is right, which then is gone. Commit whatever the answer.

    None, whichever it is: unknown, over, tried too often, wrong, or sent to a phone that is not the user's any more.
    """
    row = ctx.session.scalars(
        select(SentCode)
        .where(
            col(SentCode.token_hash) == digest(token),
            col(SentCode.purpose) == purpose,
            col(SentCode.expires_at) > ctx.now(),
            col(SentCode.attempts) < MOST_ATTEMPTS,
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    row.attempts += 1
    right = compare_digest(row.code_digest, _kept(row.token_hash, "".join(code.split())))
    if not right or row.user_id is None:
        return None
    user = ctx.session.get_one(User, row.user_id)
    ctx.session.delete(row)
    return user if purpose is CodePurpose.NEW_PHONE or user.phone == row.phone else None


def forget(ctx: Context, purpose: CodePurpose, user: User) -> None:
    """Make the user's codes for this purpose useless."""
    ctx.session.execute(
        delete(SentCode).where(col(SentCode.user_id) == user.key, col(SentCode.purpose) == purpose)
    )


def sweep(ctx: Context) -> None:
    """Forget the codes whose time is over."""
    ctx.session.execute(delete(SentCode).where(col(SentCode.expires_at) <= ctx.now()))


def _kept(token_hash: str, code: str) -> str:
    return secrets.fingerprint(f"{token_hash}:{code}", purpose="sent code")
