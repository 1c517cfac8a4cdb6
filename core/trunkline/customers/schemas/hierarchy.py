"""What goes into the hierarchy of customers and comes out of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.i18n import gettext as _


class SetParent(BaseModel):
    """The customer that another one stands under, by number; nobody when empty."""

    model_config = ConfigDict(extra="forbid")

    parent: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=20)] = Field(
        default="",
        title=_("Stands under"),
        description=_("Number of a customer; empty for nobody. Type a name to be offered numbers."),
        json_schema_extra={"widget": "lookup", "href": "/customers/lookup"},
    )
    version: int | None = None


class AddBelow(BaseModel):
    """The customer who is put under another one, by number."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=20)
    ] = Field(
        title=_("Customer"),
        description=_("Number of the customer. Type a name to be offered numbers."),
        json_schema_extra={"widget": "lookup", "href": "/customers/lookup"},
    )


class BranchOut(BaseModel):
    """A customer in a tree, with those below."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    status: str
    below: list["BranchOut"]
