"""Who calls the REST API: the holder of a bearer token or of an API key."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from trunkline.auth import api_keys, tokens
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor

_ = gettext


def actor_of(session: Session, headers: Mapping[str, str], now: datetime, address: str) -> Actor | None:
    """The actor that `Authorization: Bearer …` or `X-API-Key` names; None when the request carries neither.

    Raises Unauthenticated when what it carries is not valid (any more).
    """
    scheme, _space, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return tokens.verify(session, credentials.strip(), now, address).actor
    if scheme:
        raise Unauthenticated(
            _("The scheme “{scheme}” is not known here.", scheme=scheme),
            remedy=_("Send `Authorization: Bearer …` or `X-API-Key`."),
        )
    key = headers.get("x-api-key", "")
    return api_keys.actor_of(session, key, now, address) if key else None
