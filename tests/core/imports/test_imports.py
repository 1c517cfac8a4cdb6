"""Bringing customers in from files, by command line and by the upload page."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import queries
from trunkline.customers.models import Customer, Site
from trunkline.events.models import OutboxEvent
from trunkline.imports.importer import ImportOptions, ImportReport
from trunkline.imports.run import import_file, run_import, write_errors
from trunkline.operation import SYSTEM
from trunkline.testing import Browser, work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]
HEADER = "number,kind,name,legal_name,tax_id,email,phone,language,street,city,state,postal_code,country\n"
GOOD = (
    HEADER
    + "C000050,individual,Ana Souza,,529.982.247-25,ana@example.com,51 99123-4567,pt_BR,Rua A 1,Recife,PE,50010-000,BR\n"
    + ',business,Padaria Estrela,"Padaria, Estrela Ltda",11.222.333/0001-81,,(51) 3333-4444,,,,,,\n'
)
BAD_ROWS = (
    GOOD
    + ",individual,Bruno,,123,,,,,,,,\n"
    + ",robot,R2,,,,,,,,,,\n"
    + ",individual,,,,,,,,,,,\n"
    + "X1,individual,Carla,,,,,,,,,,\n"
    + ",individual,Ana Again,,52998224725,,,,,,,,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def bring(app: App, file: Path, content: str, *, dry_run: bool = False) -> ImportReport:
    file.write_text(content, encoding="utf-8")
    return run_import(app, SYSTEM, "customers", file, ImportOptions(dry_run=dry_run))


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.created, report.updated, report.unchanged, len(report.refused)


def test_a_file_comes_in_and_a_second_time_changes_nothing(app: App, file: Path) -> None:
    assert figures(bring(app, file, GOOD)) == (2, 2, 0, 0, 0)
    with app.reading() as ctx:
        events = len(ctx.session.scalars(select(OutboxEvent)).all())
        ana = queries.get(ctx, "C000050")
        assert (ana.phone, ana.language, ana.tax_id) == ("+5551991234567", "pt_BR", "52998224725")
        (site,) = queries.sites_of(ctx, ana.key)
        assert (site.street, site.city, site.postal_code) == ("Rua A 1", "Recife", "50010-000")
    assert figures(bring(app, file, GOOD)) == (2, 0, 0, 2, 0)
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(OutboxEvent)).all()) == events


def test_numbers_of_the_file_are_never_given_out_again(app: App, file: Path) -> None:
    bring(app, file, GOOD)
    with app.reading() as ctx:
        assert sorted(ctx.session.scalars(select(Customer.number))) == ["C000050", "C000051"]


def test_a_changed_row_updates_its_customer(app: App, file: Path) -> None:
    bring(app, file, GOOD)
    changed = GOOD.replace("Rua A 1", "Rua B 2").replace("(51) 3333-4444", "(51) 3333-5555")
    assert figures(bring(app, file, changed)) == (2, 0, 2, 0, 0)
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Site.street)).all() == ["Rua B 2"]


def test_refused_rows_name_line_column_and_reason(app: App, file: Path) -> None:
    report = bring(app, file, BAD_ROWS)
    assert figures(report) == (7, 2, 1, 0, 4)
    named = {(row.line, row.column) for row in report.refused}
    assert named == {(4, "tax_id"), (5, "kind"), (6, "name"), (7, "number")}
    assert report.exit_status == 1


def test_a_dry_run_says_the_same_and_keeps_nothing(app: App, file: Path) -> None:
    assert figures(bring(app, file, BAD_ROWS, dry_run=True)) == figures(bring(app, file, BAD_ROWS))


def test_a_dry_run_keeps_nothing(app: App, file: Path) -> None:
    bring(app, file, GOOD, dry_run=True)
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).all() == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"kind,name\nindividual,Jos\xe9\n", "not UTF-8"),
        (b"name,phone\nAna,1\n", "lacks kind"),
        (b"kind,name,shoe\nindividual,Ana,44\n", "unknown 'shoe'"),
        (b"kind,name\nindividual,Ana,too many\n", "line 2: 3 cells"),
        (b'kind,name\nindividual,"Ana\n', "line 2"),
        (b"", "lacks kind, name"),
    ],
)
def test_a_broken_file_leaves_nothing_behind(app: App, file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    said: list[str] = []
    assert import_file(app, "customers", file, ImportOptions(), said.append) == 2
    assert says in said[0]
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).all() == []


def test_the_command_writes_refused_rows_beside_the_file(app: App, file: Path) -> None:
    file.write_text(BAD_ROWS, encoding="utf-8")
    said: list[str] = []
    assert import_file(app, "customers", file, ImportOptions(), said.append) == 1
    assert said[0] == "7 rows read: 2 created, 1 updated, 0 unchanged, 4 refused"
    errors = file.with_name("customers.csv.errors.csv")
    rows = list(csv.DictReader(io.StringIO(errors.read_text(encoding="utf-8"))))
    assert [(row["line"], row["column"]) for row in rows] == [
        ("4", "tax_id"),
        ("5", "kind"),
        ("6", "name"),
        ("7", "number"),
    ]
    assert rows[0]["name"] == "Bruno"
    file.write_text(GOOD, encoding="utf-8")
    assert import_file(app, "customers", file, ImportOptions(), said.append) == 0
    assert not errors.exists()


def test_a_row_says_all_that_is_wrong_and_stands_once_in_the_file_of_refused_rows(
    app: App, file: Path
) -> None:
    report = bring(app, file, HEADER + ",individual,Bruno,,123,bruno,12,,,,,1,BR\n,robot,R2,,,,,xx,,,,,\n")
    assert [(row.line, row.column) for row in report.refused] == [
        *((2, column) for column in ("tax_id", "email", "phone", "postal_code")),
        *((3, column) for column in ("kind", "language")),
    ]
    assert (report.read, report.refused_rows) == (2, 2)
    errors = file.with_name("errors.csv")
    write_errors(report, errors)
    rows = list(csv.DictReader(io.StringIO(errors.read_text(encoding="utf-8"))))
    assert [(row["line"], row["column"], row["name"]) for row in rows] == [
        ("2", "tax_id, email, phone, postal_code", "Bruno"),
        ("3", "kind, language", "R2"),
    ]


def test_reasons_are_in_the_language_of_who_uploads(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    browser.submit("/profile", {"name": "Sofia", "language": "pt_BR"})
    place = upload(browser, HEADER + ",individual,Bruno,,,,12,,,,,,BR\n")
    work_until_idle(app)
    shown = browser.get(place).text
    assert "não é" in shown
    assert "is not a" not in shown


def test_unknown_kinds_and_missing_files_are_named(app: App, file: Path) -> None:
    said: list[str] = []
    assert import_file(app, "customer", file, ImportOptions(), said.append) == 2
    assert import_file(app, "customers", file, ImportOptions(), said.append) == 2
    assert "Did you mean “customers”?" in said[0]
    assert "There is no file" in said[1]


def upload(browser: Browser, content: str | bytes, name: str = "new.csv") -> str:
    """Send a file by the form; returns the address of its result page."""
    token = browser.csrf("/imports?kind=customers")
    data = content.encode() if isinstance(content, str) else content
    answer = browser.post(
        "/imports?kind=customers",
        data={"csrf_token": token},
        files={"file": (name, io.BytesIO(data), "text/csv")},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_an_upload_is_checked_first_then_let_in(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    place = upload(browser, BAD_ROWS)
    assert "being checked" in browser.get(place).text
    work_until_idle(app)
    checked = browser.get(place).text
    assert "nothing is imported yet" in checked
    for line, column in ((4, "tax_id"), (5, "kind"), (6, "name"), (7, "number")):
        assert f">{line}<" in checked
        assert column in checked
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).all() == []
    browser.submit(f"{place}/import", page=place)
    work_until_idle(app)
    assert "Imported." in browser.get(place).text
    with app.reading() as ctx:
        subjects = ctx.session.scalars(
            select(ActivityEntry.subject).where(ActivityEntry.operation == "core.customer.import")
        )
        assert subjects.all() == ["new.csv"]
        assert len(ctx.session.scalars(select(Customer)).all()) == 2
    errors = browser.get(f"{place}/errors.csv")
    assert "Bruno" in errors.text
    assert not list((app.config.data / "uploads").glob("*.upload"))
    again = browser.submit(f"{place}/import", page="/imports")
    assert again.status_code == 422


def test_a_broken_upload_says_what_is_wrong_and_is_forgotten(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    place = upload(browser, b"kind,name\nindividual,Jos\xe9\n", "latin.csv")
    work_until_idle(app)
    shown = browser.get(place).text
    assert "latin.csv is not UTF-8" in shown
    assert "Import now" not in shown
    assert not list((app.config.data / "uploads").glob("*.upload"))


def test_an_upload_needs_a_file_and_the_permission(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    token = browser.csrf("/imports")
    missing = browser.post("/imports?kind=customers", data={"csrf_token": token})
    assert missing.status_code == 422
    empty = browser.post(
        "/imports?kind=customers",
        data={"csrf_token": token},
        files={"file": ("a.csv", io.BytesIO(b""), "text/csv")},
    )
    assert "The file is empty." in empty.text
    assert staff("auditor").get("/imports").status_code == 403


def test_a_file_without_news_offers_nothing_to_import(
    app: App, staff: Callable[..., Browser], file: Path
) -> None:
    bring(app, file, GOOD)
    browser = staff("supervisor")
    place = upload(browser, GOOD)
    work_until_idle(app)
    shown = browser.get(place).text
    assert "There is nothing to import." in shown
    assert "Import now" not in shown
