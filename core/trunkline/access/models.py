"""Tables of roles: which permissions a role grants, and who holds it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import Record
from trunkline.db.types import BigKey, UtcDateTime


class RowScope(StrEnum):
    """Whose rows a role shows; those of all of a user's roles add up, so the widest wins."""

    ALL = "all"
    ASSIGNED = "assigned"
    OWN = "own"
    TAG = "tag"
    RESELLER = "reseller"


class Role(Record, table=True):
    """A named set of permissions for staff or for portal users."""

    __tablename__ = "core_role"

    name: str = Field(max_length=60, unique=True)
    label: str = Field(max_length=120)
    description: str = Field(default="", max_length=400)
    audience: str = Field(default="staff", max_length=8)
    is_builtin: bool = False
    #: Whoever holds it shows a second factor at each sign-in, and sets one up first when there is none.
    requires_second_factor: bool = False
    row_scope: str = Field(default=RowScope.ALL, max_length=10)


class RoleGrant(SQLModel, table=True):
    """What is known about one permission in one role.

    A row exists from the permission's first appearance; taking the permission away keeps the row with
    `granted` false, so that an upgrade never gives back what an operator took.
    """

    __tablename__ = "core_role_grant"

    role_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_role.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    permission: str = Field(primary_key=True, max_length=120)
    granted: bool = True


class UserRole(SQLModel, table=True):
    """A role that a user holds; one user may hold several."""

    __tablename__ = "core_user_role"

    user_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    role_id: int = Field(
        sa_column=Column(
            BigKey,
            ForeignKey("core_role.id", ondelete="RESTRICT"),
            primary_key=True,
            index=True,
            autoincrement=False,
        )
    )
    since: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
