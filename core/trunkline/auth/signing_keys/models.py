"""The table of key pairs that sign access tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from trunkline.db.base import Record
from trunkline.db.types import EncryptedStr, UtcDateTime


class SigningKey(Record, table=True):
    """One key pair. The newest that is not retired signs; its private part goes when it retires."""

    __tablename__ = "core_signing_key"

    #: Thumbprint of the public key (RFC 7638); tokens name it as `kid`.
    kid: str = Field(max_length=64, unique=True)
    #: As JOSE calls it (RFC 7518, 3.1).
    algorithm: str = Field(max_length=10)
    #: RFC 7517.
    public_jwk: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    #: PKCS #8 in PEM.
    private_key: str | None = Field(
        default=None, sa_type=EncryptedStr("core_signing_key.private_key"), nullable=True
    )
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: Tokens signed before it retired count until then.
    verifies_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
