"""The character NUL, which no database text, header or file name may hold, is refused where it comes in."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from trunkline.errors import Refused
from trunkline.i18n import gettext

_ = gettext


def refuse_nul(values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
    """Raises Refused with the name of the first value that holds the character NUL, at whatever depth."""
    for name, value in values.items() if isinstance(values, Mapping) else values:
        if isinstance(value, BaseModel):
            # Of a body, its field is at fault.
            refuse_nul(value)
        elif _holds_nul(value):
            raise Refused(
                _("“{name}” holds a sign that cannot be stored.", name=name.replace("\0", "")),
                field=name.replace("\0", ""),
                remedy=_("Leave out the character NUL."),
            )


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, BaseModel):
        return any(_holds_nul(one) for _name, one in value)
    if isinstance(value, Mapping):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, list | tuple | set | frozenset) and any(map(_holds_nul, value))
