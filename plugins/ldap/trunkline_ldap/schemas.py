"""What the page of the directory takes in."""

from pydantic import BaseModel, Field

from trunkline.i18n import gettext as _


class Test(BaseModel):
    """Whom to look up while testing."""

    name: str = Field(
        default="",
        max_length=254,
        title=_("User name or e-mail"),
        description=_("Somebody to look up, without their password. Empty tests the connection only."),
        json_schema_extra={"autofocus": True, "autocomplete": "off"},
    )
