"""What comes in and goes out about roles."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.access.models import RowScope
from trunkline.i18n import gettext

_ = gettext

RoleName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[a-z][a-z0-9_]{1,59}$"),
    Field(examples=["night_shift"]),
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Audience = Literal["staff", "portal"]
_AUDIENCES: dict[str, Any] = {
    "widget": "radio",
    "choices": [("staff", _("Staff")), ("portal", _("Customers"))],
}


#: What each row scope shows, in words.
ROW_SCOPES: dict[str, str] = {
    RowScope.ALL: _("Every customer"),
    RowScope.ASSIGNED: _("Customers assigned to the person"),
    RowScope.OWN: _("Customers the person registered"),
    RowScope.TAG: _("Customers with one of the person's tags"),
    RowScope.RESELLER: _("Customers of the person's reseller"),
}
_ROWS: dict[str, Any] = {
    "widget": "radio",
    "choices": [(scope.value, ROW_SCOPES[scope]) for scope in RowScope],
}


def row_scope_field() -> Any:
    """The field of forms that asks whose rows a role shows."""
    return Field(
        default=RowScope.ALL,
        title=_("Shows"),
        description=_("Who holds several roles sees what any of them shows."),
        json_schema_extra=_ROWS,
    )


class CreateRole(BaseModel):
    """A role of the operator's own."""

    name: RoleName = Field(
        title=_("Short name"),
        description=_("Lower-case letters, digits and underscores, such as night_shift. It never changes."),
        json_schema_extra={"width": "half", "spellcheck": "false"},
    )
    label: Label = Field(title=_("Name"), json_schema_extra={"width": "half"})
    description: str = Field(
        "", max_length=400, title=_("What it is for"), json_schema_extra={"width": "full"}
    )
    audience: Audience = Field(
        "staff",
        title=_("For"),
        description=_("Staff work in the console, customers in the portal; a role is for one of both."),
        json_schema_extra=_AUDIENCES,
    )
    copy_of: str = Field(
        "",
        title=_("Begin with the permissions of"),
        json_schema_extra={"widget": "select", "blank": _("No role")},
    )


class EditRole(BaseModel):
    """Name, purpose and permissions of a role. The names of built-in roles stay as they are."""

    label: Label = Field(title=_("Name"))
    description: str = Field("", max_length=400, title=_("What it is for"))
    permissions: list[str] = Field(
        default=[], title=_("Permissions"), json_schema_extra={"widget": "checkboxes"}
    )
    row_scope: RowScope | None = Field(default=None, title=_("Shows"), description="Absent: as it is")
    version: int | None = None


class RowFacts(BaseModel):
    """The facts about a person by which their roles pick the customers they see."""

    model_config = ConfigDict(extra="forbid")

    reseller: str = Field(
        default="",
        title=_("Reseller"),
        description=_("Roles that show customers of the person's reseller show those of this one."),
        json_schema_extra={"widget": "select", "blank": _("none")},
    )
    tags: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = Field(
        default="",
        title=_("Tags"),
        description=_(
            "Separated by commas. Roles that show customers by tag show those that wear one of these."
        ),
        json_schema_extra={"width": "full"},
    )
    version: int | None = None

    @property
    def tag_list(self) -> list[str]:
        """The tags, each once, in the order given."""
        return list(dict.fromkeys(tag.strip() for tag in self.tags.split(",") if tag.strip()))


class GrantOut(BaseModel):
    """One permission that a person holds, and the roles that grant it."""

    permission: str
    label: str
    roles: list[str]


class AccessOut(BaseModel):
    """What a person may do and whose rows they see. `rows` are row scopes; `everything` is an administrator's."""

    user: int
    everything: bool
    rows: list[str]
    tags: list[str]
    permissions: list[GrantOut]
    version: int


class PermissionOut(BaseModel):
    """A permission that an enabled plugin declares, and the roles that grant it."""

    name: str
    label: str
    plugin: str
    audience: str
    roles: list[str]


class RoleFacts(BaseModel):
    """A role without what it grants."""

    name: str
    label: str
    description: str
    audience: str
    is_builtin: bool
    row_scope: str
    #: Whether whoever holds it shows a second factor at each sign-in.
    requires_second_factor: bool
    #: Counted up to 1,001.
    users: int
    version: int


class RoleOut(RoleFacts):
    """A role as REST shows it; `permissions` of the administrator are every one."""

    permissions: list[str]
