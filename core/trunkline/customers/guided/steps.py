"""What a step of adding a customer declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from trunkline.customers.models import Customer
    from trunkline.operation import Context
    from trunkline.web.bound_fields import Choices

#: The step that says who the customer is, without which there is nothing to do the others for.
WHO = "core.who"


@dataclass(frozen=True)
class Asked:
    """The form of a step: a schema, what is in it at first, and choices as they are now."""

    schema: type[BaseModel]
    values: Mapping[str, Any] = field(default_factory=dict)
    choices: "Mapping[str, Choices]" = field(default_factory=dict)


@dataclass(frozen=True)
class CustomerStep:
    """A step of adding a customer under guidance, named `<plugin>.<word>`.

    `asks` gets a context that reads, the valid answers of earlier steps by name, and what was typed in this one so far (or
    nothing); it answers None where there is nothing to ask, and the step is left out. `do` calls operations for the customer who
    was registered a moment ago, in the same unit of work; what it refuses stands beside the field of its name. It is also called
    in a unit of work that is thrown away, to find out early what would be refused.
    """

    name: str
    label: str
    permission: str
    asks: "Callable[[Context, Mapping[str, BaseModel], Mapping[str, Any]], Asked | None]"
    do: "Callable[[Context, Customer, Any], None]"
    help: str = ""
    order: int = 100
    #: What the short form asks of it: the least with which `do` has something to do, all with defaults. None: nothing.
    brief: "Callable[[Context], Asked | None] | None" = None
    #: Called before `do` and outside of its unit of work, for what takes long to find out.
    prepare: "Callable[[Context, Any], None] | None" = None
