"""The clock of tests that say what time it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class StandingClock:
    """Stands still until a test moves it."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def pass_time(self, **amount: float) -> None:
        """Move it forward by so many `days`, `hours`, `minutes`, …"""
        self.moment += timedelta(**amount)
