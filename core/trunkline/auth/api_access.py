"""Who calls the REST API: the holder of a bearer token or of an API key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from trunkline.auth import api_keys, tokens
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


@dataclass(frozen=True)
class Caller:
    """Who calls. `counted_as` names whose requests are counted together; `used_key` a key whose use is due to be written."""

    actor: Actor
    counted_as: str
    used_key: int | None = None


def caller_of(
    app: "App", session: Session, headers: Mapping[str, str], now: datetime, address: str
) -> Caller | None:
    """Whom `Authorization: Bearer …` or `X-API-Key` names; None when the request carries neither.

    Raises Unauthenticated when what it carries is not valid (any more), Forbidden for a key away from its networks.
    """
    scheme, _space, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = tokens.verify(app, session, credentials.strip(), now, address).actor
        return Caller(actor, f"user/{actor.id}")
    if scheme:
        raise Unauthenticated(
            _("The scheme “{scheme}” is not known here.", scheme=scheme),
            remedy=_("Send `Authorization: Bearer …` or `X-API-Key`."),
        )
    key = headers.get("x-api-key", "")
    if not key:
        return None
    holder = api_keys.verify(session, key, now, address)
    return Caller(holder.actor, f"key/{holder.key_id}", holder.key_id if holder.stale else None)
