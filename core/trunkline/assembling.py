"""Putting the system together without the garbage collector, which has less to do afterwards."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: So many objects more than went lead to a look for garbage among the youngest: what about two pages leave behind. Ten times as
#: many made no page cheaper, and every fortieth one four times as slow.
_MADE = 1_000


@contextmanager
def assembling() -> Iterator[None]:
    """What is imported and made in the block stays until the process ends: nobody looks for garbage in it, then or later.

    Looking takes a seventh of a start. Afterwards older objects are looked through less often than Python does by itself, because
    nearly all that a request makes is gone soon.
    """
    gc.disable()
    try:
        import trunkline.db.base  # noqa: F401 — what is imported in the block builds its validators later

        yield
    finally:
        gc.freeze()
        gc.set_threshold(_MADE, 20, 50)
        gc.enable()
