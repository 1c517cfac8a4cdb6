"""Read models: what a query returns, made once per row and looked at many times."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def read_model(cls: type[T]) -> type[T]:
    """A dataclass that is frozen for type checkers only.

    At run time nobody checks an assignment: Python's frozen dataclasses take ten times as long to make, a twentieth of a page.
    """
    return dataclass(unsafe_hash=True)(cls)
