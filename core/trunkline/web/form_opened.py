"""What a form's fields held when it was opened, so that of two who edit one record each saves only what they changed.

It travels with the form as a digest a field: enough to tell whether a value is another one, and none of it is trusted
beyond that.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2s
from typing import Protocol

from trunkline.web.field_kinds import SECRET_WIDGETS, FieldSpec

#: Name of the hidden field.
NAME = "opened_with"
_BYTES = 4


class Valued(Protocol):
    """A field with a value that can be compared."""

    @property
    def spec(self) -> FieldSpec: ...

    @property
    def value(self) -> object: ...

    @property
    def as_compared(self) -> str: ...


def written(fields: Iterable[Valued]) -> str:
    """The fields' values as `name:digest`, parted by blanks. Secrets are left out: a form never holds them."""
    return " ".join(
        f"{item.spec.name}:{_digest(item)}" for item in fields if item.spec.widget not in SECRET_WIDGETS
    )


def read(text: str) -> Mapping[str, str]:
    """Digests by field of what `written` wrote; what is no such pair is left out."""
    parted = (pair.rpartition(":") for pair in text.split())
    return {name: digest for name, _colon, digest in parted if name}


def same(opened: Mapping[str, str], item: Valued) -> bool:
    """Whether a field holds what it held when the form was opened; False where that is not known."""
    return item.spec.name in opened and opened[item.spec.name] == _digest(item)


def _digest(item: Valued) -> str:
    # Browsers end lines their own way, and what is posted was stripped.
    text = item.as_compared.replace("\r\n", "\n").strip()
    return blake2s(text.encode(), digest_size=_BYTES).hexdigest()
