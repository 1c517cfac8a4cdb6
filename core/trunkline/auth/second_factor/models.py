"""Tables of second factors: codes from an app, backup codes, passkeys, devices that are remembered, open steps."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.db.base import key_field
from trunkline.db.types import BigKey, EncryptedStr, UtcDateTime, utc_field


class _OfUser(SQLModel):
    """Base of rows that belong to a user and go with them."""

    id: int | None = key_field()
    user_id: int = Field(sa_type=BigKey, foreign_key="core_user.id", ondelete="CASCADE", index=True)
    created_at: datetime = utc_field()

    @property
    def key(self) -> int:
        """The primary key of a row that has been flushed."""
        if self.id is None:
            raise LookupError(f"{type(self).__name__} has no key before it is flushed")
        return self.id


class TotpFactor(_OfUser, table=True):
    """An app that shows codes (RFC 6238). Without `confirmed_at` its set-up is under way and it proves nothing."""

    __tablename__ = "core_totp"

    #: Base32, as apps take it.
    secret: str = Field(sa_type=EncryptedStr("core_totp.secret"))
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: The newest time step that was used; no code of it or of an earlier one counts again (RFC 6238, 5.2).
    last_step: int = Field(default=0, sa_type=BigInteger)


class BackupCode(_OfUser, table=True):
    """A code for the day the phone is lost. It works once; the row keeps its keyed digest only."""

    __tablename__ = "core_backup_code"
    __table_args__ = (UniqueConstraint("user_id", "code_digest"),)

    code_digest: str = Field(max_length=64)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Passkey(_OfUser, table=True):
    """A WebAuthn credential: what its authenticator holds the private key of."""

    __tablename__ = "core_passkey"

    name: str = Field(max_length=80)
    #: Base64url, as browsers send it.
    credential_id: str = Field(max_length=1400, unique=True)
    #: COSE key in base64url.
    public_key: str = Field(max_length=2000)
    #: What authenticators know the user by; the same for all passkeys of one person.
    user_handle: str = Field(max_length=88)
    #: The host that it works on.
    host: str = Field(max_length=253)
    sign_count: int = Field(default=0, sa_type=BigInteger)
    transports: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    #: Whether it is copied between the person's devices.
    is_synced: bool = False
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RememberedDevice(_OfUser, table=True):
    """A browser that need not show the second factor for a while. The cookie holds the token, the row its digest."""

    __tablename__ = "core_remembered_device"

    token_hash: str = Field(max_length=64, unique=True)
    address: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    last_used_at: datetime = utc_field()
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)


class OpenStep(SQLModel, table=True):
    """Something begun that a second message completes: a sign-in between password and code, or a passkey's ceremony.

    Whoever completes it shows the token; the row keeps its SHA-256. Without a user nobody has been proved yet.
    """

    __tablename__ = "core_sign_in_step"

    id: int | None = key_field()
    token_hash: str = Field(max_length=64, unique=True)
    purpose: str = Field(max_length=16)
    user_id: int | None = Field(
        default=None,
        sa_type=BigKey,
        foreign_key="core_user.id",
        ondelete="CASCADE",
        index=True,
        nullable=True,
    )
    #: How the person was proved so far, as in `UserSession.method`.
    method: str = Field(default="", max_length=40)
    #: What a passkey has to sign, in base64url.
    passkey_challenge: str = Field(default="", max_length=120)
    attempts: int = 0
    created_at: datetime = utc_field()
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)
