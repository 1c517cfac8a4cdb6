"""What comes in and goes out about roles."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from trunkline.i18n import gettext

_ = gettext

RoleName = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[a-z][a-z0-9_]{1,59}$")
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Audience = Literal["staff", "portal"]
_AUDIENCES: dict[str, Any] = {
    "widget": "radio",
    "choices": [("staff", _("Staff")), ("portal", _("Customers"))],
}


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
        json_schema_extra={"widget": "select", "blank": _("no role")},
    )


class EditRole(BaseModel):
    """Name, purpose and permissions of a role. The names of built-in roles stay as they are."""

    label: Label = Field(title=_("Name"))
    description: str = Field("", max_length=400, title=_("What it is for"))
    permissions: list[str] = Field(
        default=[], title=_("Permissions"), json_schema_extra={"widget": "checkboxes"}
    )
    version: int | None = None


class RoleOut(BaseModel):
    """A role as REST shows it; `permissions` of the administrator are every one."""

    name: str
    label: str
    description: str
    audience: str
    is_builtin: bool
    users: int
    permissions: list[str]
    version: int
