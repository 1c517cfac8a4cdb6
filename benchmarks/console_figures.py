"""What `benchmarks.console` found out, as a table for people and as JSON, with the limits judged."""

import json
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from benchmarks import console_files
from benchmarks.cost import Cost

if TYPE_CHECKING:
    from trunkline.app import App

#: How much more anything may cost at the large operator than at the small one.
_GROWTH = 1.5


@dataclass(frozen=True)
class Question:
    """Something that is asked of the console, under the name of the figure it counts for."""

    figure: str
    limit: float
    ask: "Callable[[App], object]"
    #: What is asked, for people.
    text: str = ""
    #: It is answered by threads of the process, not by this one.
    threads: bool = False


#: Costs of each question's runs, with the question, by figure.
Costs = dict[tuple[str, float], list[tuple[str, Sequence[Cost]]]]


@dataclass(frozen=True)
class Figure:
    """One measured thing at full size, in milliseconds of the processor and by the clock, and how often the small one's it is.

    Of each question's runs the processor time is the least: what a neighbour adds is not the cost. By the clock all count.
    """

    name: str
    questions: int
    median: float
    p99: float
    wall_median: float
    wall_p99: float
    limit: float
    growth: float
    #: The median of the small operator.
    small: float
    #: What cost most.
    dearest: str

    @property
    def kept(self) -> bool:
        return self.p99 <= self.limit and self.growth <= _GROWTH

    @property
    def verdict(self) -> str:
        """What is not as it should be, in words."""
        said = [
            (self.p99 > self.limit, "over the limit"),
            (self.growth > _GROWTH, f"grows more than {_GROWTH}×"),
            (self.p99 <= self.limit < self.wall_p99, "(by the clock alone over the limit)"),
        ]
        return ", ".join(text for true, text in said if true)


@dataclass(frozen=True)
class Count:
    """Something counted, and how many there may be."""

    name: str
    count: int
    limit: int
    #: What stands behind it, for people.
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.count <= self.limit


def compared(kind: str, small: Costs, large: Costs) -> list[Figure]:
    """The figures of one database."""
    figures = []
    for (name, limit), asked in large.items():
        least = [min(run.cpu for run in runs) for _text, runs in asked]
        wall = [run.wall for _text, runs in asked for run in runs]
        before = statistics.median(min(run.cpu for run in runs) for _text, runs in small[name, limit])
        median = statistics.median(least)
        figures.append(
            Figure(
                f"{kind}: {name}",
                len(asked),
                *(median, _p99(least), statistics.median(wall), _p99(wall)),
                *(limit, median / before, before),
                asked[least.index(max(least))][0],
            )
        )
    return figures


def _p99(runs: Sequence[float]) -> float:
    return sorted(runs)[min(len(runs) - 1, int(len(runs) * 0.99))]


def load() -> str:
    """How busy the machine is, all programs together."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def show(
    figures: Sequence[Figure], counts: Sequence[Count], files: Sequence[console_files.FileFigure], loads: str
) -> bool:
    """Print everything, the JSON last; returns whether every limit is kept."""
    heads = ("asked", "median", "p99", "limit", "of small", "growth", "by clock", "its p99")
    print(f"{'milliseconds of the processor':44}{''.join(f'{head:>9}' for head in heads)}  dearest ({loads})")
    for one in figures:
        print(
            f"{one.name:44}{one.questions:>9,}{one.median:>9,.2f}{one.p99:>9,.2f}{one.limit:>9,.0f}{one.small:>9,.2f}"
            f"{one.growth:>9,.2f}{one.wall_median:>9,.2f}{one.wall_p99:>9,.2f}  {one.dearest}"
            + (f"  ← {one.verdict}" if one.verdict else "")
        )
    for count in counts:
        mark = "" if count.kept else "  ← over the limit"
        print(f"{count.name:62}{count.count:>9,} of {count.limit} at the most  {count.note}{mark}")
    files_kept = console_files.show(files)
    kept = files_kept and all(one.kept for one in figures) and all(one.kept for one in counts)
    print(f"\n{'every limit is kept' if kept else 'NOT EVERY LIMIT IS KEPT'}; {loads}")
    every: list[Figure | Count | console_files.FileFigure] = [*figures, *counts, *files]
    print(json.dumps({_key(one): asdict(one) for one in every} | {"load": loads, "kept": kept}))
    return kept


def _key(one: Figure | Count | console_files.FileFigure) -> str:
    rows = f"_{one.rows}" if isinstance(one, console_files.FileFigure) else ""
    return one.name.replace(": ", "_").replace(",", "").replace(" ", "_") + rows
