"""Declaring that an operation needs a second person, and finding out whether a call of it does."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter

from trunkline.approvals.words import Said
from trunkline.errors import WaitsForSecondPerson
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.operation import Context, OperationInfo


@dataclass(frozen=True)
class Matter:
    """What a call would do, in words that the second person reads before anything is done.

    Whoever reads it does so in their own language: give what `gettext` returns as it is, amounts and times as `Amount`, `Moment`.
    """

    summary: str
    #: Label and value of what matters.
    facts: Sequence[tuple[Said, Said]] = ()
    amount_micros: int | None = None
    currency: str = ""
    customer_id: int | None = None
    #: The page of the thing it is about.
    path: str = ""
    #: The number of what this can be done to only once: while a request for it waits, another is the same, whatever it says.
    once: str = ""


@dataclass(frozen=True)
class SecondPerson:
    """The declaration of an operation that may need a second person: `@operation(…, approval=SecondPerson(…))`.

    `look` gets what the operation gets and answers what the call would do, or None when one person is enough; it only reads. It
    may raise what the operation would raise, so that nothing impossible waits.
    """

    label: str
    look: Callable[..., Matter | None]


@dataclass(frozen=True)
class Approved:
    """A second person's agreement, for the activity entry of what follows."""

    number: str
    by: str


@dataclass(frozen=True)
class Request:
    """A call that waits: the operation, its arguments as JSON, and what it is about."""

    function: str
    operation: str
    label: str
    matter: Matter
    arguments: Mapping[str, Any] = field(default_factory=dict)


def exceeds(amount_micros: int, currency: str, limit_micros: int | None, limit_currency: str) -> bool:
    """Whether an amount needs a second person under a limit; None is no limit.

    Currencies are never compared: in any other currency than the limit's, every amount but zero needs one.
    """
    if limit_micros is None or amount_micros == 0:
        return False
    return currency != limit_currency or abs(amount_micros) > limit_micros


def wait_if_needed(
    ctx: "Context", info: "OperationInfo", args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Raise WaitsForSecondPerson when this call of an operation needs one."""
    if info.approval is None:
        return
    matter = info.approval.look(ctx, *args, **kwargs)
    if matter is None:
        return
    function = f"{info.plain.__module__}.{info.plain.__qualname__}"
    request = Request(function, info.name, info.approval.label, matter, to_json(info, args, kwargs))
    raise WaitsForSecondPerson(
        _("This waits for a second person: {summary}", summary=matter.summary), request
    )


def to_json(info: "OperationInfo", args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by parameter, as JSON values."""
    bound = inspect.signature(info.plain).bind(None, *args, **kwargs)
    kinds = _parameters(info.plain)
    return {
        name: kinds[name].dump_python(value, mode="json", exclude_unset=True)
        for name, value in bound.arguments.items()
        if name in kinds
    }


def from_json(info: "OperationInfo", arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments again, validated as at the first call. Raises pydantic's ValidationError when the operation has changed."""
    kinds = _parameters(info.plain)
    return {name: kinds[name].validate_python(value) for name, value in arguments.items()}


@lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> dict[str, TypeAdapter[Any]]:
    """How to write and read each parameter but the context."""
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)[1:]
    return {name: TypeAdapter(hints[name]) for name in names}
