"""Charts as data, as a picture, as a table, as a file and over REST: the same figures."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import jinja2
import pytest

from trunkline import i18n
from trunkline.charts import Chart, ChartOut, Kind, Point, Series, Unit, days, months
from trunkline.web.drawing import Drawing, as_csv
from trunkline.web.templating import make_environment


def _points(count: int) -> list[Point]:
    return [Point(f"k{n}", f"l{n}", f"name {n}") for n in range(count)]


def _bars(*values: list[int], unit: Unit = Unit.COUNT, currency: str = "") -> Chart:
    series = [Series(f"s{n}", f"Series {n}", one) for n, one in enumerate(values)]
    return Chart(Kind.BAR, "day", _points(len(values[0])), series, unit, currency)


def _draw(chart: Chart, **options: str) -> str:
    environment: jinja2.Environment = make_environment({})
    source = "{{ ui.chart('c', 'Calls', chart, **options) }}"
    return environment.from_string(source).render(chart=chart, options=options)


def test_bars_stand_on_each_other() -> None:
    first, second = Drawing(_bars([2, 0], [1, 4])).shapes
    assert re.findall(r"M(\S+) (\S+)h\S+v(\S+)h", first.path) == [("0.18", "0", "-500")]
    assert re.findall(r"M(\S+) (\S+)h\S+v(\S+)h", second.path) == [
        ("0.18", "-500", "-250"),
        ("1.18", "0", "-1000"),
    ]


def test_bars_beside_each_other_share_the_room_of_their_point() -> None:
    chart = Chart(Kind.BESIDE, "month", _points(1), [Series("a", "A", [2]), Series("b", "B", [4])])
    assert [shape.path for shape in Drawing(chart).shapes] == [
        "M0.18 0h0.32v-500h-0.32z",
        "M0.5 0h0.32v-1000h-0.32z",
    ]


def test_a_line_has_a_gap_where_nothing_was_measured() -> None:
    chart = Chart(Kind.LINE, "day", _points(5), [Series("a", "A", [1, 2, None, 4, None])])
    assert Drawing(chart).shapes[0].path == "M0.5 -250L1.5 -500M3.18 -1000h0.64"


@pytest.mark.parametrize(
    ("unit", "highest", "labels"),
    [
        (Unit.COUNT, 3, ["4", "3", "2", "1", "0"]),
        (Unit.COUNT, 21, ["24", "18", "12", "6", "0"]),
        (Unit.COUNT, 5_800, ["6K", "4.5K", "3K", "1.5K", "0"]),
        (Unit.MONEY, 1_900_000_000, ["2K", "1.5K", "1K", "500", "0"]),
        (Unit.SECONDS, 200, ["4 min", "3 min", "2 min", "1 min", "0"]),
    ],
)
def test_the_axis_ends_at_a_round_figure_above_the_highest(
    unit: Unit, highest: int, labels: list[str]
) -> None:
    with i18n.use_locale("en", "UTC"):
        drawn = Drawing(_bars([highest, 1], unit=unit, currency="BRL" if unit is Unit.MONEY else ""))
        assert [label.replace("\u00a0", " ") for label in drawn.labels] == labels


def test_there_is_an_axis_for_each_choice_of_series() -> None:
    with i18n.use_locale("en", "UTC"):
        scales = Drawing(_bars([1000, 800], [3, 2])).scales
    assert [labels[-1] for _top, labels in scales] == ["4", "1K", "1.2K"]
    assert scales[-1][0] == 1000
    assert scales[0][0] == pytest.approx(4 / 1200 * 1000, abs=0.01)


def test_the_table_says_what_the_file_and_rest_say() -> None:
    chart = _bars([1_500_000, 0], [2_000_000_000, 250_000], unit=Unit.MONEY, currency="BRL")
    with i18n.use_locale("en", "UTC"):
        shown = _draw(chart)
    told = ChartOut.of(chart)
    file = list(csv.DictReader(io.StringIO(bytes(as_csv(chart, "money").body).decode("utf-8-sig"))))
    assert re.findall(
        r'<th scope="row">([^<]*)</th><td class="n">R\$([\d.,]+)</td><td class="n">R\$([\d.,]+)', shown
    ) == [
        ("name 0", "1.50", "2,000.00"),
        ("name 1", "0.00", "0.25"),
    ]
    assert [(row["day"], row["s0"], row["s1"], row["currency"]) for row in file] == [
        ("k0", "1.50", "2000.00", "BRL"),
        ("k1", "0.00", "0.25", "BRL"),
    ]
    assert [one.values for one in told.series] == [
        [Decimal("1.50"), Decimal("0.00")],
        [Decimal("2000.00"), Decimal("0.25")],
    ]


def test_a_key_that_a_spreadsheet_would_run_is_written_as_text() -> None:
    chart = Chart(Kind.BAR, "kind", [Point("=1+1", "a", "a")], [Series("n", "N", [1])])
    assert "\r\n'=1+1,1\r\n" in bytes(as_csv(chart, "kinds").body).decode()


def test_parts_of_a_pie_have_their_share_in_the_table() -> None:
    chart = Chart(Kind.PIE, "state", _points(2), [Series("calls", "Calls", [30, 10])])
    with i18n.use_locale("en", "UTC"):
        shown = _draw(chart)
    assert re.findall(r'stroke-dasharray="(\S+) 100" stroke-dashoffset="(\S+)"', shown) == [
        ("75.0", "0.0"),
        ("25.0", "-75.0"),
    ]
    assert re.findall(r'<td class="n">([^<]+)</td>', shown) == ["30", "75.0%", "10", "25.0%"]


def test_an_empty_chart_says_what_will_come() -> None:
    shown = _draw(_bars([0, 0]), empty="Calls appear here.")
    assert "Calls appear here." in shown
    assert '<svg viewBox="0 -1000' not in shown
    assert "charts.js" not in shown


def test_months_and_days_are_written_in_the_readers_language() -> None:
    with i18n.use_locale("pt_BR", "UTC"):
        year = months(date(2026, 2, 10), 3)
        day = days(date(2026, 2, 28), date(2026, 3, 1))
    assert [(one.key, one.label, one.name) for one in year] == [
        ("2025-12", "dez.", "dezembro de 2025"),
        ("2026-01", "jan.", "janeiro de 2026"),
        ("2026-02", "fev.", "fevereiro de 2026"),
    ]
    assert [(one.key, one.label) for one in day] == [
        ("2026-02-28", "28 de fev."),
        ("2026-03-01", "1 de mar."),
    ]


def test_the_latest_point_always_has_a_label() -> None:
    ticks = Drawing(_bars([1] * 30)).ticks
    assert [tick.label for tick in ticks][-1] == "l29"
    assert len(ticks) <= 12
    assert 2 <= len([tick for tick in ticks if tick.narrow]) <= 4
