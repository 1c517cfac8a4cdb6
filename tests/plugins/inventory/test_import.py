"""SIM and number files: what is true goes in once, what is not is named."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.app import App
from trunkline.errors import Refused
from trunkline.imports.importer import ImportOptions, ImportReport
from trunkline.operation import SYSTEM
from trunkline_inventory import operations, queries
from trunkline_inventory.importing import run
from trunkline_inventory.schemas import Holder

pytestmark = pytest.mark.plugins("inventory")

MakeSim = Callable[[int], dict[str, str]]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def bring_in(app: App, path: Path, template: str = "sim", dry_run: bool = False) -> ImportReport:
    return run(app, SYSTEM, path, ImportOptions(template=template, dry_run=dry_run))


@pytest.mark.both_databases
def test_the_same_file_twice_changes_nothing(app: App, make_sim: MakeSim, tmp_path: Path) -> None:
    path = write(tmp_path / "sims.csv", [make_sim(n) for n in range(1, 4)])
    first, second = bring_in(app, path), bring_in(app, path)
    assert (first.created, first.exit_status) == (3, 0)
    assert (second.created, second.unchanged, second.exit_status) == (0, 3, 0)
    with app.reading() as ctx:
        assert queries.counts(ctx) == {"sim": {"available": 3}}


def test_a_duplicate_iccid_is_refused_with_line_column_and_holder(
    app: App, make_sim: MakeSim, tmp_path: Path
) -> None:
    bring_in(app, write(tmp_path / "first.csv", [make_sim(1)]))
    with app.unit_of_work() as ctx:
        operations.hold(
            ctx, template="sim", holder=Holder("service", 4, None, "S000004"), key="k", item_number="I000001"
        )
    changed = {**make_sim(1), "imsi": "724990000000099"}
    report = bring_in(app, write(tmp_path / "second.csv", [make_sim(2), changed]))
    assert report.created == 1
    assert [(row.line, row.column) for row in report.refused] == [(3, "iccid")]
    assert "S000004" in report.refused[0].reason
    assert report.exit_status == 1


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("iccid", "8955990000000000018", "check digit"),
        ("iccid", "", "missing"),
        ("imsi", "7249900000001", "14 or 15"),
        ("imsi", "72499000000000X", "more than digits"),
        ("ki", "GG", "hexadecimal"),
        ("ki", "AB", "32"),
        ("msisdn", "12", "no phone number"),
    ],
)
def test_what_is_wrong_in_a_row_is_named(
    app: App, make_sim: MakeSim, tmp_path: Path, column: str, value: str, words: str
) -> None:
    report = bring_in(app, write(tmp_path / "sims.csv", [{**make_sim(1), "msisdn": "", column: value}]))
    assert [(row.line, row.column) for row in report.refused] == [(2, column)]
    assert words in report.refused[0].reason
    assert report.exit_status == 2


def test_refused_rows_carry_no_secret(app: App, make_sim: MakeSim, tmp_path: Path) -> None:
    report = bring_in(app, write(tmp_path / "sims.csv", [{**make_sim(1), "imsi": "1"}]))
    assert make_sim(1)["ki"] not in str(report.refused)


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(
    app: App, make_sim: MakeSim, tmp_path: Path
) -> None:
    report = bring_in(app, write(tmp_path / "sims.csv", [make_sim(1)]), dry_run=True)
    assert report.created == 1
    with app.reading() as ctx:
        assert queries.counts(ctx) == {}


def test_a_value_twice_in_one_file_is_refused_naming_the_first_line(
    app: App, make_sim: MakeSim, tmp_path: Path
) -> None:
    report = bring_in(app, write(tmp_path / "sims.csv", [make_sim(1), make_sim(1)]))
    assert report.created == 1
    assert "line 2" in report.refused[0].reason


def test_a_file_with_wrong_columns_leaves_nothing_behind(app: App, tmp_path: Path) -> None:
    path = tmp_path / "sims.csv"
    path.write_text("iccid,colour\n1,2\n")
    with pytest.raises(Refused, match="imsi"):
        bring_in(app, path)


def test_the_template_must_be_named(app: App, make_sim: MakeSim, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="template") as refusal:
        bring_in(app, write(tmp_path / "sims.csv", [make_sim(1)]), template="")
    assert "sim" in str(refusal.value)


def test_numbers_are_kept_in_e164(app: App, tmp_path: Path) -> None:
    path = write(
        tmp_path / "numbers.csv", [{"number": "(51) 99123-4567", "route": "core", "class": "mobile"}]
    )
    assert bring_in(app, path, "number").created == 1
    with app.reading() as ctx:
        assert queries.item(ctx, "I000001").label == "+5551991234567"
