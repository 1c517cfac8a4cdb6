"""Putting the system together without the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def assembling() -> Iterator[None]:
    """What is imported and made in the block stays until the process ends: nobody looks for garbage in it, then or later.

    Looking takes a seventh of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
