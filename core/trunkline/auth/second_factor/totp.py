"""Codes from an app (TOTP, RFC 6238): six digits, thirty seconds, each time step once."""

import hmac
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlmodel import col

from trunkline.auth.models import User
from trunkline.auth.second_factor.models import TotpFactor
from trunkline.operation import Context

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STEP_SECONDS = 30
#: A phone's clock may be this many steps off (RFC 6238, 5.2 recommends one).
_DRIFT_STEPS = 1


def prepare(ctx: Context, user_id: int) -> TotpFactor:
    """A fresh secret that counts only once a first code of it was shown; one that was prepared before is dropped."""
    import pyotp

    _drop_prepared(ctx, user_id)
    factor = TotpFactor(user_id=user_id, secret=pyotp.random_base32(), created_at=ctx.now())
    ctx.session.add(factor)
    ctx.session.flush()
    return factor


def prepared(session: "Session", user_id: int) -> TotpFactor | None:
    """The app whose set-up is under way."""
    return session.scalars(
        select(TotpFactor).where(col(TotpFactor.user_id) == user_id, col(TotpFactor.confirmed_at).is_(None))
    ).first()


def confirmed(session: "Session", user_id: int) -> TotpFactor | None:
    """The app that proves this user."""
    return session.scalars(
        select(TotpFactor).where(
            col(TotpFactor.user_id) == user_id, col(TotpFactor.confirmed_at).is_not(None)
        )
    ).first()


def confirm(ctx: Context, user_id: int, code: str) -> bool:
    """Make the prepared app the user's one app when `code` is its present code."""
    factor = prepared(ctx.session, user_id)
    if factor is None:
        return False
    step = _step_of(factor, code, ctx.now())
    if step is None:
        return False
    ctx.session.execute(
        delete(TotpFactor).where(col(TotpFactor.user_id) == user_id, col(TotpFactor.id) != factor.key)
    )
    factor.confirmed_at, factor.last_step = ctx.now(), step
    ctx.session.flush()
    return True


def spend(ctx: Context, user_id: int, code: str) -> bool:
    """Whether `code` proves the user now; its time step is used up by it."""
    factor = confirmed(ctx.session, user_id)
    step = _step_of(factor, code, ctx.now()) if factor is not None else None
    if factor is None or step is None:
        return False
    # One statement, so that of two who show the same code at once only one is let in.
    used = ctx.session.execute(
        update(TotpFactor)
        .where(col(TotpFactor.id) == factor.key, col(TotpFactor.last_step) < step)
        .values(last_step=step)
        .returning(col(TotpFactor.id))
    )
    return used.first() is not None


def _step_of(factor: TotpFactor, code: str, now: datetime) -> int | None:
    import pyotp

    totp, this = pyotp.TOTP(factor.secret), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(this - _DRIFT_STEPS, this + _DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > factor.last_step:
            found = step
    return found


def _drop_prepared(ctx: Context, user_id: int) -> None:
    ctx.session.execute(
        delete(TotpFactor).where(col(TotpFactor.user_id) == user_id, col(TotpFactor.confirmed_at).is_(None))
    )


def address_for_app(factor: TotpFactor, user: User, operator: str) -> str:
    """The `otpauth:` address that an app reads."""
    import pyotp

    return pyotp.TOTP(factor.secret).provisioning_uri(name=user.email or user.name, issuer_name=operator)


def picture(address: str) -> str:
    """The address as a QR code: an SVG element, dark on light whatever the page's colours are."""
    import segno

    return segno.make(address, error="m").svg_inline(
        scale=4, border=3, dark="#000", light="#fff", omitsize=False
    )


def in_groups(secret: str) -> str:
    """A secret in groups of four, for typing it in."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
