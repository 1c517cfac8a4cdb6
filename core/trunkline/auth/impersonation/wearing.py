"""What a session is while a member of staff works as somebody else: that user's pages, never more rights than one's own."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from trunkline.access.roles import Person, actor_for
from trunkline.auth.digest import digest
from trunkline.auth.impersonation.models import Impersonation
from trunkline.auth.models import User, UserKind
from trunkline.auth.sessions import ACCOUNT, Account, Impersonating, SignedIn
from trunkline.db.prepared import columns
from trunkline.operation import Actor, Scope

PERMISSION = "core.user.impersonate"
#: What nobody does under another's name, whatever both may do.
_NEVER = frozenset({PERMISSION, "core.api_key.create"})

_KEPT = columns(Impersonation)
_FIND = (
    select(_KEPT.id, _KEPT.reason, _KEPT.expires_at, _KEPT.ended_at, *ACCOUNT)
    .join(User, columns(User).id == _KEPT.user_id)
    .where(_KEPT.id == bindparam("id"))
)
_OF_IMPERSONATION = 4


def worn(session: Session, own: SignedIn, impersonation_id: int, now: datetime) -> SignedIn | None:
    """The session as the other user's; None when that is over, or either of the two may not any more.

    Every request asks anew, so a right that is taken away, from whichever of them, is gone with the next click.
    """
    kept = session.connection().execute(_FIND, {"id": impersonation_id}).one_or_none()
    if kept is None or not own.actor.may(PERMISSION):
        return None
    user = Account(*kept[_OF_IMPERSONATION:])
    if kept.ended_at is not None or now >= kept.expires_at or not user.is_active:
        return None
    other = actor_for(session, user, own.actor.address)
    actor = limited(own.actor, other, user)
    if actor is None:
        return None
    return replace(
        own,
        user=user,
        actor=actor,
        # A form that was opened as oneself is not sent as somebody else, nor the other way round.
        csrf_secret=digest(f"{own.csrf_secret}:{kept.id}"),
        proved_at=None,
        impersonation=Impersonating(kept.id, other, own.user.name, kept.reason, kept.expires_at),
    )


def limited(staff: Actor, other: Actor, user: Person) -> Actor | None:
    """`staff` with the rights and the sight of `other`; None when `other` may do or see more than `staff`.

    Of people of customers, whose permissions no member of staff holds, the caller has seen to it that the customer is in sight.
    """
    allowed = other.permissions
    if user.kind != UserKind.PORTAL:
        if user.kind != UserKind.STAFF or allowed is None or staff.scope not in (Scope(), other.scope):
            return None
        if staff.permissions is not None and not allowed <= staff.permissions:
            return None
    return replace(
        staff,
        kind=other.kind,
        permissions=(allowed or frozenset()) - _NEVER,
        scope=other.scope,
        language=other.language,
    )
