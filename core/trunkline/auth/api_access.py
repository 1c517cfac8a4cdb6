"""Who calls the REST API: the holder of a bearer token or of an API key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from trunkline.auth import api_keys, tokens
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


#: For so long a process believes what it knows of a caller, unless anything was written by it in between.
_BELIEVED = timedelta(seconds=2)
_REMEMBERED = 5000


@dataclass(frozen=True)
class Caller:
    """Who calls. `counted_as` names whose requests are counted together; `used_key` a key whose use is due to be written.

    `proved_at` is when the sign-in behind a token was; None for a key. `is_service`: the key is one of a service account.
    """

    actor: Actor
    counted_as: str
    used_key: int | None = None
    proved_at: datetime | None = None
    is_service: bool = False


class KnownCallers:
    """Who called a moment ago: asking the database for each of a program's many requests costs more than most answers.

    Every commit of this process makes it ask again, so a revocation counts at once here, and after `_BELIEVED` in others.
    One per application: `app.part(KnownCallers)`.
    """

    def __init__(self, app: "App") -> None:
        self._kept: dict[bytes, tuple[datetime, Caller]] = {}
        self._database, self._commits = app.database, app.database.commits

    def get(self, name: bytes, now: datetime) -> Caller | None:
        """The caller of this name, if it was found a moment ago."""
        if self._commits != self._database.commits:
            self._forget()
        found = self._kept.get(name)
        return found[1] if found is not None and timedelta() <= now - found[0] < _BELIEVED else None

    def keep(self, name: bytes, now: datetime, caller: Caller) -> None:
        """Remember a caller for a moment."""
        if len(self._kept) >= _REMEMBERED:
            self._forget()
        self._kept[name] = (now, caller)

    def _forget(self) -> None:
        self._commits, self._kept = self._database.commits, {}


def caller_of(app: "App", headers: Mapping[str, str], now: datetime, address: str) -> Caller | None:
    """Whom `Authorization: Bearer …` or `X-API-Key` names; None when the request carries neither.

    Raises Unauthenticated when what it carries is not valid (any more), Forbidden for a key away from its networks.
    """
    shown = (headers.get("authorization", ""), headers.get("x-api-key", ""), address)
    if not shown[0] and not shown[1]:
        return None
    known, name = app.part(KnownCallers), sha256("\0".join(shown).encode()).digest()
    caller = known.get(name, now)
    if caller is not None:
        return caller
    with app.database.read() as session:
        caller = _asked(app, session, headers, now, address)
    if caller is not None and caller.used_key is None:
        known.keep(name, now, caller)
    return caller


def _asked(
    app: "App", session: Session, headers: Mapping[str, str], now: datetime, address: str
) -> Caller | None:
    scheme, _space, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        holder = tokens.verify(app, session, credentials.strip(), now, address)
        return Caller(holder.actor, f"user/{holder.actor.id}", proved_at=holder.signed_in_at)
    if scheme:
        raise Unauthenticated(
            _("The scheme “{scheme}” is not known here.", scheme=scheme),
            remedy=_("Send Authorization: Bearer … or X-API-Key."),
        )
    key = headers.get("x-api-key", "")
    if not key:
        return None
    owner = api_keys.verify(session, key, now, address)
    used = owner.key_id if owner.stale else None
    return Caller(owner.actor, f"key/{owner.key_id}", used, is_service=owner.is_service)
