"""Uploads of a request that is done again: whoever reads them begins at their beginning, as the first time."""

from collections.abc import Iterable

from starlette.datastructures import UploadFile


def rewind(values: Iterable[object]) -> None:
    """Go back to the beginning of every file among what a request brought; lists are looked into."""
    for value in values:
        if isinstance(value, UploadFile):
            value.file.seek(0)
        elif isinstance(value, list):
            rewind(value)
