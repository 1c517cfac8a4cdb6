"""What plugins put on a customer's data sheet."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SheetSection:
    """A table on the data sheet, as finished text in the language of the moment. Shown to who holds the permission."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    permission: str
    order: int = 100
