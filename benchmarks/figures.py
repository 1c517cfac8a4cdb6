"""What a benchmark measured, beside what the machine itself allows and the limit that it must keep."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured thing: median and spread of its runs, a floor of the same run if there is one, and the limit it must keep."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    limit: float
    floor: float | None = None
    more_is_better: bool = False
    #: What stands behind it, for people.
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.median >= self.limit if self.more_is_better else self.median <= self.limit


def figure(
    name: str,
    unit: str,
    runs: Sequence[float],
    limit: float,
    *,
    floor: float | None = None,
    more: bool = False,
    note: str = "",
) -> Figure:
    """The figure of several runs."""
    return Figure(name, unit, statistics.median(runs), min(runs), max(runs), limit, floor, more, note)


def show(figures: Sequence[Figure]) -> None:
    """Print a line for each, and all of them as one JSON object in the last line."""
    print(f"{'':46}{'median':>11}{'spread':>21}{'floor':>11}{'limit':>12}")
    for one in figures:
        name = f"{one.name}, {one.unit}" if one.unit else one.name
        spread = f"{one.low:,.2f} – {one.high:,.2f}"
        floor = "" if one.floor is None else f"{one.floor:,.2f}"
        bound = f"{'≥' if one.more_is_better else '≤'} {one.limit:,.2f}"
        mark = "" if one.kept else "exceeded"
        line = f"{name:46}{one.median:>11,.2f}{spread:>21}{floor:>11}{bound:>12}  {mark:8}  {one.note}"
        print(line.rstrip())
    print(json.dumps({one.name.replace(" ", "_"): asdict(one) for one in figures}))


def all_kept(figures: Sequence[Figure]) -> bool:
    """Whether every limit is kept."""
    return all(one.kept for one in figures)
