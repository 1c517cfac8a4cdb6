"""Changing the key that signs access tokens."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import col

from trunkline.auth.events import SigningKeyRotated
from trunkline.auth.signing_keys import keys
from trunkline.auth.signing_keys.models import SigningKey
from trunkline.operation import Context, operation
from trunkline.settings.core import CoreSettings

#: An access token lives so long; see `tokens`.
ACCESS_LIFETIME = timedelta(minutes=15)
#: A process that began to sign before the change may end a moment after it.
_SLACK = timedelta(minutes=1)


@operation("core.signing_key.change")
def rotate(ctx: Context, *, at_once: bool = False) -> SigningKey:
    """A fresh key signs from now on; older ones verify until the last token that they signed is over.

    With `at_once` (a private key was seen by somebody) every token signed so far ends now: programs get the next one with their
    refresh token.
    """
    now = ctx.now()
    until = now if at_once else now + ACCESS_LIFETIME + _SLACK
    # Not through objects: a private key that does not open must not keep anybody from changing it.
    ctx.session.execute(
        update(SigningKey)
        .where(col(SigningKey.retired_at).is_(None))
        .values(retired_at=now, verifies_until=until, private_key=None)
    )
    if at_once:
        ctx.session.execute(
            update(SigningKey).where(col(SigningKey.verifies_until) > now).values(verifies_until=now)
        )
    fresh = keys.make(ctx)
    ctx.note(fresh, label=fresh.kid, immediately=at_once)
    ctx.emit(SigningKeyRotated(entity_id=fresh.key, at_once=at_once))
    ctx.after_commit.append(ctx.app.part(keys.SigningKeys).forget)
    return fresh


def rotate_when_due(ctx: Context) -> None:
    """Change the key when it has signed for as many days as the settings say."""
    oldest = ctx.now() - timedelta(days=ctx.settings(CoreSettings).signing_key_days)
    made: datetime | None = ctx.session.scalar(
        select(func.max(col(SigningKey.created_at))).where(col(SigningKey.retired_at).is_(None))
    )
    if made is not None and made <= oldest:
        rotate(ctx)
