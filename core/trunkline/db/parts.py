"""Long lists, a statement's worth at a time."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

#: Old builds of SQLite take at most 999 values in a statement.
_VALUES_PER_STATEMENT = 500


def parts(values: Sequence[T], size: int = _VALUES_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The values in their order, at most `size` together."""
    return (values[start : start + size] for start in range(0, len(values), size))
