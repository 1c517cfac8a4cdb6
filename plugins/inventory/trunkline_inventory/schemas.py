"""What inventory takes and gives: typed fields of templates, items, holders."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from trunkline.i18n import gettext as _

#: Names of templates and of their fields, as they stand in files, addresses and products.
Word = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["fibre_terminal"])
]


class ItemState(StrEnum):
    """Where an item is in its life. `held` is promised to an order, `assigned` is in use by a service."""

    AVAILABLE = "available"
    HELD = "held"
    ASSIGNED = "assigned"
    QUARANTINE = "quarantine"
    FAULTY = "faulty"
    RETIRED = "retired"

    @property
    def has_holder(self) -> bool:
        """Whether an item in this state belongs to somebody."""
        return self in (ItemState.HELD, ItemState.ASSIGNED)


#: The least that may be asked to lie in stock, in the words of forms and REST alike.
Minimum = Annotated[
    int,
    Field(
        ge=0,
        le=10_000,
        title=_("Minimum in stock"),
        description=_(
            "When fewer items than this are available, the start page of those who keep the stock says so. 0: no minimum."
        ),
    ),
]
#: States a person may set by hand; the others come from orders.
RESTING_STATES = (ItemState.AVAILABLE, ItemState.QUARANTINE, ItemState.FAULTY, ItemState.RETIRED)


class FieldKind(StrEnum):
    """What a template's field holds. A secret is sealed at rest and shown only to those who may reveal it."""

    TEXT = "text"
    DIGITS = "digits"
    SECRET = "secret"  # noqa: S105 — the name of a kind
    CHOICE = "choice"


class Check(StrEnum):
    """A rule of the trade that a field's value must follow."""

    NONE = ""
    ICCID = "iccid"
    IMSI = "imsi"
    PHONE = "phone"
    HEX = "hex"


class TemplateField(BaseModel):
    """One typed field of a template."""

    model_config = ConfigDict(frozen=True)

    name: Word
    label: str = Field(min_length=1, max_length=60)
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    #: The value identifies the item and occurs once in the whole inventory under this field's name.
    unique: bool = False
    min_length: int = Field(default=0, ge=0, le=500)
    max_length: int = Field(default=200, ge=1, le=500)
    check: Check = Check.NONE
    choices: tuple[str, ...] = ()
    example: str = Field(default="", max_length=100)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.kind is FieldKind.SECRET and self.unique:
            raise ValueError(_("A secret cannot identify an item."))
        if self.kind is FieldKind.CHOICE and not self.choices:
            raise ValueError(_("Name the choices, one a line."))
        if self.min_length > self.max_length:
            raise ValueError(_("The least length is greater than the greatest."))
        return self


class TemplateView(BaseModel):
    """A kind of thing that is kept in stock."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    label: str
    built_in: bool
    fields: tuple[TemplateField, ...]
    #: Fewer available than this is few; 0 where nobody minds.
    minimum: int = 0
    version: int = 1

    @property
    def identifiers(self) -> list[TemplateField]:
        """The fields that identify an item, the main one first."""
        return [field for field in self.fields if field.unique]

    @property
    def main(self) -> TemplateField:
        """The field an item is called by."""
        return self.identifiers[0]

    def settled(self, state: ItemState) -> list[TemplateField]:
        """The fields of an item in this state that no correction may change."""
        return self.identifiers if state.has_holder else [self.main]


class CreateTemplate(BaseModel):
    """A new kind of thing."""

    name: Word = Field(
        title=_("Name"), description=_("Short word in lower case, as it stands in files and products.")
    )
    label: str = Field(min_length=1, max_length=60, title=_("Label"), description=_("What people read."))
    fields: list[TemplateField] = Field(min_length=1, max_length=60)
    minimum: Minimum = 0

    @model_validator(mode="after")
    def _has_identifier(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(_("Two fields have the same name."))
        if not any(field.unique and field.required for field in self.fields):
            raise ValueError(_("At least one field must identify the item: required and unique."))
        return self


class ChangeTemplate(BaseModel):
    """What of a template is to be another; what is left out stays."""

    label: str | None = Field(default=None, min_length=1, max_length=60)
    fields: list[TemplateField] | None = Field(default=None, min_length=1, max_length=60)
    minimum: Minimum | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an item: an order line or a service, and the customer it is for."""

    kind: Literal["order_line", "service"]
    id: int
    customer_id: int | None = None
    #: The holder's own number, as people read it: `O000001/1`, `S000001`.
    label: str = ""


class ItemView(BaseModel):
    """One item, without its secrets."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str
    template: str
    #: The value of the main identifier.
    label: str
    identifiers: dict[str, str]
    state: ItemState
    fields: dict[str, str] = Field(default_factory=dict)
    stock: str = ""
    holder_kind: str = ""
    holder_id: int | None = None
    holder_label: str = ""
    customer_id: int | None = None
    version: int = 1


class StockView(BaseModel):
    """A place where items lie."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    note: str = ""
    archived: bool = False
    version: int = 1


class CreateStock(BaseModel):
    """A new stock."""

    name: str = Field(min_length=1, max_length=80, title=_("Name"))
    note: str = Field(
        default="", max_length=300, title=_("Note"), description=_("Address, keeper, opening hours.")
    )


class AddItem(BaseModel):
    """One item as it is typed, imported or sent: values by the template's field names."""

    template: Word
    values: dict[str, str]
    stock: str = "Main"


class ChangeState(BaseModel):
    """Set the state of items that nobody holds."""

    state: Literal["available", "quarantine", "faulty", "retired"] = Field(title=_("State"))
    note: str = Field(default="", max_length=300, title=_("Reason"))


class MoveItems(BaseModel):
    """Bring items to another stock."""

    stock: str = Field(min_length=1, max_length=80, title=_("To stock"))
    note: str = Field(default="", max_length=300, title=_("Note"))


class MovementView(BaseModel):
    """One line of an item's history."""

    model_config = ConfigDict(frozen=True)

    id: int
    item: str
    at: datetime
    action: str
    from_state: str
    to_state: str
    from_stock: str
    to_stock: str
    holder_kind: str
    holder_id: int | None
    holder_label: str
    actor: str
    note: str
