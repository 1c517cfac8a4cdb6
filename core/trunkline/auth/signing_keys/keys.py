"""The key pairs that sign access tokens: the one that signs now, those whose tokens still count, and their publication.

ES256 (RFC 7518, 3.4): whoever asks for the public keys can check a token and cannot make one.
"""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.auth.signing_keys.models import SigningKey
from trunkline.db.types import UtcDateTime
from trunkline.errors import ConfigError
from trunkline.i18n import gettext
from trunkline.operation import Context

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext

ALGORITHM = "ES256"
#: Seconds for which a process believes what it read; a key that was withdrawn elsewhere is refused after that.
_BELIEVED = 5.0
#: Names of unknown keys make a process read again, so often at most.
_ASKED_AGAIN = 1.0


@dataclass(frozen=True)
class PublicKey:
    """What checks signatures. Without `verifies_until` the key has not retired."""

    kid: str
    key: Any
    verifies_until: datetime | None

    def counts(self, now: datetime) -> bool:
        """Whether tokens that it signed are accepted."""
        return self.verifies_until is None or now < self.verifies_until


@dataclass(frozen=True)
class PrivateKey:
    """What signs."""

    kid: str
    key: Any


class SigningKeys:
    """The keys as this process knows them. One per application: `app.part(SigningKeys)`."""

    def __init__(self, app: "App") -> None:
        self._lock = threading.Lock()
        self._public: dict[str, PublicKey] = {}
        self._read_at = float("-inf")
        self._private: PrivateKey | None = None

    def signing(self, ctx: Context) -> PrivateKey:
        """The key that signs, made when there is none. Needs a writing unit of work.

        Raises ConfigError when it does not open under the key file.
        """
        kid = ctx.session.scalar(_NEWEST)
        known = self._private
        if known is not None and known.kid == kid:
            return known
        if kid is None:
            kid = make(ctx).kid
            ctx.after_commit.append(self.forget)
        self._private = PrivateKey(kid, _opened(ctx.session, kid))
        return self._private

    def verifying(self, session: Session, kid: str, now: datetime) -> PublicKey | None:
        """The key of this name, if tokens that it signed count."""
        age = time.monotonic() - self._read_at
        if age > _BELIEVED or (kid not in self._public and age > _ASKED_AGAIN):
            self._read(session, now)
        found = self._public.get(kid)
        return found if found is not None and found.counts(now) else None

    def forget(self) -> None:
        """Read again when next asked: keys were made or withdrawn."""
        self._read_at = float("-inf")

    def _read(self, session: Session, now: datetime) -> None:
        with self._lock:
            rows = session.connection().execute(_PUBLIC, {"now": now})
            self._public = {
                row.kid: PublicKey(row.kid, _known(self._public, row.kid, row.public_jwk), row.verifies_until)
                for row in rows
            }
            self._read_at = time.monotonic()


_NEWEST = (
    select(col(SigningKey.kid))
    .where(col(SigningKey.retired_at).is_(None))
    .order_by(col(SigningKey.id).desc())
    .limit(1)
)


_PUBLIC = select(col(SigningKey.kid), col(SigningKey.public_jwk), col(SigningKey.verifies_until)).where(
    or_(
        col(SigningKey.verifies_until).is_(None),
        col(SigningKey.verifies_until) > bindparam("now", type_=UtcDateTime),
    )
)


def make(ctx: Context) -> SigningKey:
    """A fresh key pair, which signs from now on."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from jwt.algorithms import ECAlgorithm

    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    kid = _thumbprint(jwk)
    row = SigningKey(
        kid=kid,
        algorithm=ALGORITHM,
        public_jwk={**jwk, "kid": kid, "alg": ALGORITHM, "use": "sig"},
        private_key=pem,
        created_at=ctx.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row


def published(ctx: Context) -> dict[str, Any]:
    """The JWK set (RFC 7517, 5) of every key whose tokens count."""
    rows = ctx.session.execute(_PUBLIC.order_by(col(SigningKey.id).desc()), {"now": ctx.now()})
    return {"keys": [row.public_jwk for row in rows]}


def _known(before: Mapping[str, PublicKey], kid: str, jwk: Mapping[str, Any]) -> Any:
    from jwt.algorithms import ECAlgorithm

    return before[kid].key if kid in before else ECAlgorithm.from_jwk(dict(jwk))


def _opened(session: Session, kid: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        pem = session.scalar(select(col(SigningKey.private_key)).where(col(SigningKey.kid) == kid))
    except ConfigError as error:
        raise ConfigError(
            _("The key that signs access tokens does not open under the key file."),
            remedy=_("Restore the key file from its backup, or run trunkline signing-keys rotate."),
        ) from error
    return load_pem_private_key((pem or "").encode(), None)


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, 3.2: the members that a key of this kind must have, in order, without spaces."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
