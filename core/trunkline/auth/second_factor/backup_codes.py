"""Ten codes on paper for the day the phone is lost. Each works once."""

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlmodel import col

from trunkline.auth.second_factor.models import BackupCode
from trunkline.operation import Context
from trunkline.secrets import derive

COUNT = 10
#: Letters and digits that are not mistaken for each other on paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 10
_GROUP = 5


def make(ctx: Context, user_id: int) -> list[str]:
    """Ten fresh codes, which are kept nowhere in clear; the earlier ones stop working."""
    forget(ctx, user_id)
    codes = ["".join(secrets.choice(_ALPHABET) for _n in range(_LENGTH)) for _code in range(COUNT)]
    ctx.session.add_all(
        BackupCode(user_id=user_id, code_digest=_digest(user_id, code), created_at=ctx.now())
        for code in codes
    )
    ctx.session.flush()
    return [f"{code[:_GROUP]}-{code[_GROUP:]}" for code in codes]


def spend(ctx: Context, user_id: int, code: str) -> bool:
    """Whether `code` is an unused one of the user's, which it is no more after this."""
    used = ctx.session.execute(
        update(BackupCode)
        .where(
            col(BackupCode.user_id) == user_id,
            col(BackupCode.code_digest) == _digest(user_id, code),
            col(BackupCode.used_at).is_(None),
        )
        .values(used_at=ctx.now())
        .returning(col(BackupCode.id))
    )
    return used.first() is not None


def left(ctx: Context, user_id: int) -> int:
    """How many codes still work."""
    return (
        ctx.session.scalar(
            select(func.count())
            .select_from(BackupCode)
            .where(col(BackupCode.user_id) == user_id, col(BackupCode.used_at).is_(None))
        )
        or 0
    )


def forget(ctx: Context, user_id: int) -> None:
    """Make every code of the user void."""
    ctx.session.execute(delete(BackupCode).where(col(BackupCode.user_id) == user_id))


def _digest(user_id: int, code: str) -> str:
    # 49 bits would fall to somebody who tries them all against a stolen database; the key lies outside it.
    return hmac.new(derive("backup-codes"), f"{user_id}:{code}".encode(), sha256).hexdigest()
