"""Changes that an active service undergoes: items exchanged, parameters asked anew, switches turned."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline_catalog.schemas.products import Word

#: The word of the change by which a service becomes another product.
PLAN = "plan"


class ChangeOffer(BaseModel):
    """One change that services of a product can undergo: items exchanged, parameters asked anew, or a switch turned."""

    model_config = ConfigDict(frozen=True)

    #: Names it, as in `sim`, `number`, `wifi`, `bar`.
    word: Word
    label: str
    #: Inventory templates whose item is exchanged for another one.
    templates: tuple[str, ...] = ()
    #: Names of the product's parameters that are asked anew.
    parameters: tuple[str, ...] = ()
    #: Something that is on or off.
    switch: bool = False
    #: The service becomes another product of the same kind, items and playbook; its word is `plan`.
    plan: bool = False
    #: Whether the network has to be told of it.
    network: bool = True


class ChangeService(BaseModel):
    """Change an active service. Items that are not named are picked automatically, parameters that are not named stay."""

    change: Word
    picks: dict[str, str | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    #: Of a switch: whether it shall be on.
    on: bool | None = None
    #: Of a plan: the product that it becomes; that of now changes its parameters only.
    product_code: str = Field(default="", max_length=40)
    note: str = Field(default="", max_length=300)
    #: Nothing is done before that moment; items are held at once.
    start_after: AwareDatetime | None = None
    #: Instead: not before the first day of the next month.
    from_next_bill: bool = False


class Previous(BaseModel):
    """What a service had before a change."""

    model_config = ConfigDict(frozen=True)

    #: Code of the product.
    product: str = ""
    #: Keys of the inventory items by template; those that stay are there too.
    items: dict[str, int] = Field(default_factory=dict)
    identifiers: dict[str, str] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    switches: tuple[str, ...] = ()
