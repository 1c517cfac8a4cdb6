"""What plugins are told when the sample operator lives through one more month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random


@dataclass
class DemoClock:
    """The clock of a system whose past is being made. It stands still until it is moved.

    Within a month it may go back, since each plugin lives through the month in its turn; never before it.
    """

    moment: datetime
    floor: datetime | None = None

    def __call__(self) -> datetime:
        return self.moment

    def move_to(self, moment: datetime) -> None:
        """Stand at `moment` from now on. Raises ValueError when that lies before the month under way."""
        if self.floor is not None and moment < self.floor:
            raise ValueError(f"{moment} lies before the month that began on {self.floor}")
        self.moment = moment

    def begin(self, moment: datetime) -> None:
        """A new month begins; there is no way back behind it."""
        self.floor = moment
        self.move_to(moment)


@dataclass(frozen=True)
class NewCustomer:
    """A customer who signed up this month. `lines` is how many services they want."""

    customer_id: int
    number: str
    kind: str
    lines: int
    signed_at: datetime


@dataclass(frozen=True)
class DemoMonth:
    """One month of the sample operator's past.

    `begins` and `ends` are midnights of the operator's zone, in UTC. The last month of the history is the
    current one (`is_current`); it ends now. New customers come in the order of their signing.
    """

    number: int
    begins: datetime
    ends: datetime
    is_current: bool
    scale: float
    seed: int
    clock: DemoClock
    #: Does all work that is due (jobs, deliveries of events), at the clock's time, and returns when none is left.
    work: Callable[[], None]
    new_customers: Sequence[NewCustomer] = ()

    def random(self, purpose: str) -> Random:
        """The same figures for the same seed, month and purpose, whatever others draw."""
        return Random(f"{self.seed}:{self.number}:{purpose}")  # noqa: S311 — sample data, no secret
