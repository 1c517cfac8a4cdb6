"""What every directory of people is asked in the same words; plugins that bring one put these before their own settings.

A form shows fields in the order of the bases, last base first.
"""

from collections.abc import Set
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trunkline.auth.role_map import parse_role_map
from trunkline.errors import Refused
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.operation import Context

PEOPLE = _("People")
ROLES = _("Roles")


class NewPeople(BaseModel):
    """Whether people whom nobody invited come in."""

    model_config = ConfigDict(frozen=True)

    create_users: bool = Field(
        default=True,
        title=_("People come in without an invitation"),
        description=_("Whoever has a role by the table below gets an account at the first sign-in."),
        json_schema_extra={"section": PEOPLE},
    )


class RolesByGroup(BaseModel):
    """Which roles the directory's groups give."""

    model_config = ConfigDict(frozen=True)

    role_map: str = Field(
        default="",
        max_length=10_000,
        title=_("Roles by group"),
        description=_(
            "One a line: the name of a role, a colon, and the group's name, as in customer_care: care-team. In LDAP its "
            "distinguished name does as well."
        ),
        json_schema_extra={"section": ROLES, "widget": "textarea", "rows": 5},
    )
    fallback_role: str = Field(
        default="",
        max_length=40,
        title=_("Role of everybody else"),
        description=_("For people in none of these groups. Empty: they are not let in."),
        json_schema_extra={"section": ROLES},
    )

    @field_validator("role_map")
    @classmethod
    def _pairs(cls, value: str) -> str:
        parse_role_map(value)
        return value

    def check_here(self, ctx: "Context", changed: Set[str]) -> None:
        """Refuse names of roles that are not there: their people would stay out, or come in with less."""
        from trunkline.access.queries import role_choices

        known = [name for name, _label in role_choices(ctx, "staff")]
        for field, names in (("role_map", [*self.roles_by_group]), ("fallback_role", [self.fallback_role])):
            for name in names:
                if field in changed and name and name not in known:
                    raise Refused(
                        _("There is no role “{name}”.", name=name),
                        field=field,
                        remedy=_("There are: {names}.", names=", ".join(known)),
                    )

    @property
    def roles_by_group(self) -> dict[str, list[str]]:
        """Groups by role, as they were written."""
        return parse_role_map(self.role_map)
