"""Tables of people and of the ways they prove who they are."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record, key_field
from trunkline.db.types import BigKey, NoneIfEmpty, UtcDateTime


class UserKind(StrEnum):
    """Staff work in the console; portal users see what belongs to their customer; services are programs."""

    STAFF = "staff"
    PORTAL = "portal"
    SERVICE = "service"


class UserStatus(StrEnum):
    """Invited until a password is set; disabled users cannot sign in and keep no session.

    Whom a directory keeps is let in again as soon as it vouches for them, unless disabled here.
    """

    INVITED = "invited"
    AT_DIRECTORY = "directory"
    ACTIVE = "active"
    DISABLED = "disabled"


class LinkPurpose(StrEnum):
    """What a mailed link is for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 — a purpose
    #: Proves that a new address is theirs.
    NEW_EMAIL = "new_email"
    #: Goes to the old address, and takes the change back.
    KEEP_EMAIL = "keep_email"


class User(Record, table=True):
    """Somebody who may sign in. `email` is kept in lower case and is unique; empty: they sign in by a code to `phone`."""

    __tablename__ = "core_user"
    __table_args__ = (
        Index("ix_core_user_name", "name", "id"),
        # Together: nearly all are customers, and of those few are disabled.
        Index("ix_core_user_kind", "kind", "status", "id"),
        # The people of a reseller are counted in the list of resellers; its customers may sign in, too.
        Index("ix_core_user_reseller", "reseller_id", "kind"),
        UniqueConstraint("origin", "external_id", name="uq_core_user_origin"),
    )

    email: str = Field(sa_type=NoneIfEmpty(254), unique=True, nullable=True)
    name: str = Field(max_length=120)
    kind: str = Field(default=UserKind.STAFF, max_length=8)
    customer_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True),
    )
    password_hash: str | None = Field(default=None, max_length=200)
    password_set_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: str = Field(default=UserStatus.INVITED, max_length=10)
    language: str = Field(default="en", max_length=10)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: An address that was asked for and is not proved yet.
    pending_email: str | None = Field(default=None, max_length=254)
    #: E.164 with `+`; it counts once `phone_verified_at` is set.
    phone: str = Field(default="", max_length=20, index=True)
    phone_verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: The directory that keeps this person, as in `ldap`; empty: this system.
    origin: str = Field(default="", max_length=40)
    #: What `origin` calls the person.
    external_id: str | None = Field(default=None, max_length=200)
    #: Whose customers the person sees where a role says “of the reseller” or “with their tags”.
    reseller_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_reseller.id", ondelete="RESTRICT")),
    )
    scope_tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    #: Until then the person holds every permission; `core_break_glass` says why.
    break_glass_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: How the pages look to this person: density, shortcuts.
    preferences: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))

    @property
    def is_active(self) -> bool:
        """Whether the user may sign in."""
        return self.status == UserStatus.ACTIVE


def _of_user() -> Any:
    return Field(
        sa_column=Column(BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), nullable=False, index=True)
    )


class _Kept(SQLModel):
    """Base of rows that nobody edits."""

    id: int | None = key_field()

    @property
    def key(self) -> int:
        """The primary key of a row that has been flushed."""
        if self.id is None:
            raise LookupError(f"{type(self).__name__} has no key before it is flushed")
        return self.id


class UserLink(_Kept, table=True):
    """A mailed link that works once. Only the SHA-256 of its secret is kept."""

    __tablename__ = "core_user_link"

    user_id: int = _of_user()
    purpose: str = Field(max_length=16)
    #: The address that a link about a change of address is about.
    email: str = Field(default="", max_length=254)
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UserSession(_Kept, table=True):
    """One browser that is signed in. The cookie holds the token, the row its SHA-256."""

    __tablename__ = "core_session"
    __table_args__ = (Index("ix_core_session_expires_at", "expires_at"),)

    token_hash: str = Field(max_length=64, unique=True)
    user_id: int = _of_user()
    csrf_secret: str = Field(max_length=64)
    #: How the person proved who they are: `password`; other ways add their words.
    method: str = Field(default="password", max_length=40)
    #: Two factors were shown, or a directory vouched that it saw them; see `Proof.strong`.
    strong: bool = False
    address: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    #: Seconds without a request after which the session is over.
    idle_seconds: int
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: When the person last showed a password, code or passkey; see `sudo`.
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: Set while the session's user works as somebody else; see `impersonation`.
    impersonation_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_impersonation.id", ondelete="SET NULL"), index=True),
    )


class TokenFamily(_Kept, table=True):
    """One sign-in over REST: every token that followed from it. Revoking it ends them all."""

    __tablename__ = "core_token_family"

    user_id: int = _of_user()
    address: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    expires_at: datetime = Field(sa_type=UtcDateTime, nullable=False, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_because: str = Field(default="", max_length=40)


class RefreshToken(_Kept, table=True):
    """One refresh token of a family. It works once; a second use revokes the family."""

    __tablename__ = "core_refresh_token"

    family_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_token_family.id", ondelete="CASCADE"), nullable=False, index=True
        )
    )
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(Record, table=True):
    """A program's key. `shown` is its beginning, for recognition; no permissions listed means all that the
    user holds.
    """

    __tablename__ = "core_api_key"

    user_id: int = _of_user()
    name: str = Field(max_length=120)
    shown: str = Field(max_length=24)
    key_digest: str = Field(max_length=64, unique=True)
    permissions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    #: Addresses and networks (CIDR) that it may come from; none listed means any.
    networks: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: Written once a minute at most.
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_from: str = Field(default="", max_length=64)
