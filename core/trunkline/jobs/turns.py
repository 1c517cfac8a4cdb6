"""What a worker does next in a job, and which steps share a transaction."""

import time
from dataclasses import dataclass, field
from typing import Literal

#: For how long one transaction takes up further steps.
_SECONDS_TOGETHER = 0.1


@dataclass(frozen=True)
class Turn:
    """What is to be done next: which step, in which direction."""

    seq: int
    direction: Literal["do", "undo"]


@dataclass
class Together:
    """Transactional steps that share one transaction, and since when."""

    steps: int = 1
    since: float = field(default_factory=time.monotonic)

    @property
    def has_time(self) -> bool:
        """Whether another step may join: who waits for what the transaction holds must not wait long."""
        return time.monotonic() - self.since < _SECONDS_TOGETHER
