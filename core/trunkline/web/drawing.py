"""Charts as pictures: where bars, lines and parts lie, which figures stand at the axis, and the same as a file.

The picture is drawn on the server, so that it is there without scripts, on paper and in any text direction; `assets/js/charts.js`
adds values under the pointer, keys and series that can be left out.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import ceil, floor, log10

from babel import numbers as _numbers
from starlette.responses import Response

from trunkline import i18n
from trunkline.charts import Chart, Kind, Unit
from trunkline.i18n.reader import babel_locale
from trunkline.money import MICROS
from trunkline.web.table_export import safe_text
from trunkline.web.tones import tone_of

#: Spaces between the lines across a chart.
_STEPS = 4
#: What a step may be: these times a power of ten; for time what clocks show.
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
#: The least step of shares, which are written with one decimal of a percent.
_LEAST_SHARE = 0.005
#: How tall the picture is in its own units, and how wide a bar is of the room for it.
_TALL, _BAR = 1000.0, 0.64
#: Labels that fit below a wide and a narrow chart.
_WIDE, _NARROW = 12, 4
#: With so many series or fewer the axis fits each choice of them.
_CHOICES = 4


@dataclass(frozen=True)
class Tick:
    """A label below the chart: where its point is, in percent, and whether a narrow chart has it too."""

    label: str
    at: float
    narrow: bool


@dataclass(frozen=True)
class Shape:
    """What is drawn of one series: its path, its heights for the script that draws it again, and its colour's variable."""

    path: str
    heights: str
    colour: str


@dataclass(frozen=True)
class Part:
    """A part of a pie: its share of the whole, and where it begins, in percent."""

    share: float
    begin: float
    shown: str
    shown_share: str


class Drawing:
    """A chart ready to be drawn, in the reader's language."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart

    @cached_property
    def scales(self) -> list[tuple[float, list[str]]]:
        """Axes for the series that a reader may choose, the lowest first: the height of the top, and the labels from below."""
        tops = sorted({_top(highest, self.chart.unit) for highest in self._highest()})
        return [(round(top / tops[-1] * _TALL, 2), self._labels(top)) for top in tops]

    @property
    def labels(self) -> list[str]:
        """What stands at the axis with all series, from above."""
        return self.scales[-1][1][::-1]

    @property
    def scales_json(self) -> str:
        """For the script."""
        return json.dumps(self.scales, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def shapes(self) -> list[Shape]:
        """One for each series, bars standing on those before them."""
        ground = [0.0] * len(self.chart.points)
        return [
            Shape(self._path(at, heights, ground), _told(heights), _colour(one.tone, at))
            for at, (one, heights) in enumerate(zip(self.chart.series, self._heights(), strict=True))
        ]

    @cached_property
    def ticks(self) -> list[Tick]:
        """Labels of as many points as fit; the latest one always has one."""
        points, count = self.chart.points, len(self.chart.points)
        wide, narrow = ceil(count / _WIDE), ceil(count / _NARROW)
        narrow = ceil(narrow / wide) * wide
        return [
            Tick(point.label, round((at + 0.5) / count * 100, 2), (count - 1 - at) % narrow == 0)
            for at, point in enumerate(points)
            if (count - 1 - at) % wide == 0
        ]

    @cached_property
    def parts(self) -> list[Part]:
        """Of a pie: one for each point, with what it is in figures."""
        values = [max(0, value or 0) for value in self.chart.series[0].values]
        whole, begin, parts = sum(values) or 1, 0.0, list[Part]()
        for value in values:
            share = value / whole * 100
            said = i18n.format_percent(share / 100, digits=1)
            parts.append(Part(round(share, 3), round(begin, 3), self.chart.write(value), said))
            begin += share
        return parts

    def _highest(self) -> Iterator[float]:
        rows = [[max(0, value or 0) for value in figures] for _point, figures in self.chart.rows()]
        together = sum if self.chart.kind is Kind.BAR else max
        count = len(self.chart.series)
        sizes = range(1, count + 1) if count <= _CHOICES else (1, count - 1, count)
        for size in sizes:
            for chosen in combinations(range(count), size):
                yield max((together(row[at] for at in chosen) for row in rows), default=0)

    def _labels(self, top: float) -> list[str]:
        return [self._label(top / _STEPS * step) for step in range(_STEPS + 1)]

    def _label(self, value: float) -> str:
        unit = self.chart.unit
        if unit in (Unit.SECONDS, Unit.BYTES):
            return self.chart.write(value) if value else "0"
        if unit is Unit.SHARE:
            return i18n.format_percent(value, digits=1)
        figure = value / MICROS if unit is Unit.MONEY else value
        return _numbers.format_compact_decimal(figure, locale=babel_locale(), fraction_digits=2)

    def _heights(self) -> list[list[float | None]]:
        top = _top(max(self._highest(), default=0), self.chart.unit)
        return [
            [None if value is None else round(max(0, value) / top * _TALL, 2) for value in one.values]
            for one in self.chart.series
        ]

    def _path(self, series: int, heights: Sequence[float | None], ground: list[float]) -> str:
        if self.chart.kind is Kind.LINE:
            return _line(heights)
        beside = self.chart.kind is Kind.BESIDE
        wide = round(_BAR / (len(self.chart.series) if beside else 1), 3)
        begin, path = (1 - _BAR) / 2 + (wide * series if beside else 0), ""
        for at, height in enumerate(heights):
            if height:
                path += f"M{round(at + begin, 3):g} {0 - ground[at]:g}h{wide}v{-height:g}h-{wide}z"
                if not beside:
                    ground[at] = round(ground[at] + height, 2)
        return path


def _told(heights: Sequence[float | None]) -> str:
    return json.dumps(heights, separators=(",", ":"))


def _colour(tone: str, at: int) -> str:
    return f"--dot-{tone_of(tone)}" if tone else f"--c{at + 1}"


def _line(heights: Sequence[float | None]) -> str:
    """Through all points that have a height; a gap where one has none, a dash where one stands alone."""
    path = ""
    for at, height in enumerate(heights):
        if height is None:
            continue
        follows, goes_on = (
            at > 0 and heights[at - 1] is not None,
            heights[at + 1 : at + 2] not in ([], [None]),
        )
        if follows or goes_on:
            path += f"{'L' if follows else 'M'}{at + 0.5:g} {-height:g}"
        else:
            path += f"M{at + (1 - _BAR) / 2:g} {-height:g}h{_BAR}"
    return path


def _top(highest: float, unit: Unit) -> float:
    """The height of the axis: the least that four equal round steps reach."""
    least = highest / _STEPS
    if unit is Unit.SECONDS:
        if least <= 1:
            return _STEPS
        return _STEPS * next((one for one in _CLOCK if one >= least), ceil(least / 86400) * 86400)
    smallest = {Unit.MONEY: MICROS, Unit.SHARE: _LEAST_SHARE}.get(unit, 1)
    if least <= smallest:
        return float(smallest * _STEPS)
    power = 10 ** floor(log10(least))
    steps = (one * power for one in _ROUND if unit is not Unit.COUNT or (one * power) % 1 == 0)
    return float(_STEPS * next(step for step in steps if step >= least - 1e-9))


def as_csv(chart: Chart, name: str) -> Response:
    """The chart's table as CSV: a row for each point, a column for each series, figures as programs read them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [chart.axis, *(one.key for one in chart.series), *(["currency"] if chart.currency else [])]
    )
    for point, figures in chart.rows():
        values = ("" if value is None else chart.plain(value) for value in figures)
        writer.writerow([safe_text(point.key), *values, *([chart.currency] if chart.currency else [])])
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
