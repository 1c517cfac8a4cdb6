"""A backup of a running system brings everything back but the keys, says when it was made, and is believed only when whole."""

import errno
import io
import json
import os
import secrets as random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import select
from typer.testing import CliRunner

from trunkline.app import App
from trunkline.backup import postgres
from trunkline.backup.making import Made, make
from trunkline.backup.restoring import restore
from trunkline.cli import cli
from trunkline.clock import Clock, utc_now
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer, CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import ConfigError, Refused, Unavailable
from trunkline.files import operations as files
from trunkline.health import reports
from trunkline.jobs.wake import Silent
from trunkline.plugin import Health
from trunkline.setup import ready_app
from trunkline.testing import Browser, _drop_postgres, _make_postgres, create_user
from trunkline.web.app import make_web

pytestmark = pytest.mark.plugins()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


def fill(app: App) -> int:
    """A customer with a file, who can be looked at by somebody who signs in. Returns the file's key."""
    create_user(app, "chief@example.com", "administrator")
    (app.config.data / "extensions").mkdir()
    (app.config.data / "extensions/notes.py").write_text("# ours\n")
    (app.config.data / "spool").mkdir()
    (app.config.data / "spool/1.eml").write_text("sent")
    with app.unit_of_work() as ctx:
        found = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Souza"))
        return files.attach(ctx, found.number, io.BytesIO(PDF), "contract.pdf", "signed").key


def back_up(app: App, folder: Path) -> Made:
    return make(app, folder / "trunkline.toml", folder / "kept")


@pytest.fixture
def elsewhere(config: Config, database_kind: str, tmp_path: Path) -> Iterator[Config]:
    """Another machine: an empty data folder and database."""
    if database_kind == "sqlite":
        yield config.model_copy(update={"data": tmp_path / "new", "database": ""})
        return
    name = f"test_{random.token_hex(6)}"
    yield config.model_copy(update={"data": tmp_path / "new", "database": _make_postgres(name, "template0")})
    _drop_postgres(name)


@pytest.mark.both_databases
def test_a_system_that_runs_comes_back_elsewhere_with_its_people_customers_and_files(
    app: App, elsewhere: Config, tmp_path: Path
) -> None:
    key = fill(app)
    (tmp_path / "trunkline.toml").write_text('operator_name = "Conecta"\n')
    with app.unit_of_work() as ctx:
        # Somebody is in the middle of a change: it waits for nobody, and is not in the backup.
        customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Unfinished"))
        made = back_up(app, tmp_path)
    assert os.stat(made.file).st_mode & 0o777 == 0o600
    assert [path.name for path in made.file.parent.iterdir()] == [made.file.name]
    with tarfile.open(made.file) as archive:
        names = archive.getnames()
    assert not [name for name in names if "secrets.key" in name or "spool" in name]
    assert "configuration/trunkline.toml" in names

    done = restore(elsewhere, elsewhere.data / "trunkline.toml", made.file)
    assert done.key_fits is None, "the key file is brought by hand"
    shutil.copy(app.config.key_path, elsewhere.key_path)
    again = ready_app(elsewhere)
    with again.reading() as ctx:
        (customer,) = ctx.session.scalars(select(Customer)).all()
        assert customer.name == "Ana Souza"
    browser = Browser(make_web(again, rest_later=True), base_url="http://testserver")
    browser.sign_in("chief@example.com")
    assert browser.get(f"/customers/{customer.number}/files/{key}").content == PDF
    assert (elsewhere.data / "extensions/notes.py").read_text() == "# ours\n"
    assert (elsewhere.data / "restored-trunkline.toml").read_text() == 'operator_name = "Conecta"\n'
    # The log's protection came along.
    with again.database.engine.connect() as connection, pytest.raises(Exception, match="only ever added"):
        connection.execute(text("DELETE FROM core_activity"))
    again.close()


@pytest.mark.both_databases
def test_what_is_there_is_replaced_only_when_somebody_says_so(
    app: App, elsewhere: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(app)
    made = back_up(app, tmp_path)
    restore(elsewhere, elsewhere.data / "trunkline.toml", made.file)
    with pytest.raises(Refused, match="where nothing is"):
        restore(elsewhere, elsewhere.data / "trunkline.toml", made.file)
    (elsewhere.data / "extensions/notes.py").write_text("# changed since\n")
    (elsewhere.data / "serve.pid").write_text(str(os.getpid()))
    with pytest.raises(Refused, match="runs on the data folder"):
        restore(elsewhere, elsewhere.data / "trunkline.toml", made.file, replace=True)
    (elsewhere.data / "serve.pid").unlink()
    busy = App.start(elsewhere, waker=Silent())
    with busy.reading() as ctx:
        ctx.session.execute(text("SELECT 1 FROM core_customer")).all()
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "_GONE_WITHIN_SECONDS", 0.0)
        with pytest.raises(Refused, match="in use"):
            restore(elsewhere, elsewhere.data / "trunkline.toml", made.file, replace=True)
    busy.close()
    done = restore(elsewhere, elsewhere.data / "trunkline.toml", made.file, replace=True)
    assert (elsewhere.data / "extensions/notes.py").read_text() == "# ours\n"
    assert done.aside is not None
    assert (done.aside / "extensions/notes.py").read_text() == "# changed since\n"
    assert done.key_fits is False, "a start in between made another key"


def _altered(
    made: Made, change: Callable[[str, bytes], tuple[str, bytes]], extra: tarfile.TarInfo | None
) -> Path:
    target = made.file.with_name("altered.tar.gz")
    with tarfile.open(made.file) as source, tarfile.open(target, "w:gz", compresslevel=1) as out:
        if extra is not None:
            out.addfile(extra)
        for info in source:
            content = source.extractfile(info)
            assert content is not None
            name, body = change(info.name, content.read())
            info.name, info.size = name, len(body)
            out.addfile(info, io.BytesIO(body))
    return target


def _link() -> tarfile.TarInfo:
    link = tarfile.TarInfo("data/files")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    return link


def test_a_backup_that_is_damaged_altered_newer_or_of_another_database_changes_nothing(
    app: App, elsewhere: Config, tmp_path: Path
) -> None:
    fill(app)
    made = back_up(app, tmp_path)

    def manifest(**changed: object) -> Callable[[str, bytes], tuple[str, bytes]]:
        def change(name: str, body: bytes) -> tuple[str, bytes]:
            return name, json.dumps(
                {**json.loads(body), **changed}
            ).encode() if name == "manifest.json" else body

        return change

    def refused(file: Path, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            restore(elsewhere, elsewhere.data / "trunkline.toml", file)
        assert list(elsewhere.data.iterdir()) == []

    def same(name: str, body: bytes) -> tuple[str, bytes]:
        return name, body

    refused(
        _altered(made, lambda n, b: (n, b"# theirs\n" if n.endswith("notes.py") else b), None),
        "notes.py does not match",
    )
    refused(_altered(made, lambda n, b: (n.replace("extensions/", "../"), b), None), "“../notes.py”")
    refused(_altered(made, lambda n, b: (n.replace("extensions/", "/etc/"), b), None), "altered")
    refused(_altered(made, same, _link()), "“data/files”")
    refused(_altered(made, manifest(version="99.0.0"), None), "newer than this")
    refused(_altered(made, manifest(heads={"core": "core_0999"}), None), "migrations of core")
    refused(_altered(made, manifest(database="postgresql"), None), "of PostgreSQL|no database")
    whole = made.file.read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 200):
        made.file.with_name("cut.tar.gz").write_bytes(whole[:length])
        refused(made.file.with_name("cut.tar.gz"), "is no backup|damaged|end is missing")


def test_a_full_disk_leaves_nothing_half(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match=r"No space left on device.*Make room"):
            back_up(app, tmp_path)
    assert list((tmp_path / "kept").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="Not a directory"):
        make(app, tmp_path / "trunkline.toml", tmp_path / "file/kept")
    with pytest.raises(Refused, match="lies in the data folder"):
        make(app, tmp_path / "trunkline.toml", app.config.data / "files")


class TestKept:
    @pytest.fixture
    def days(self) -> list[float]:
        """How many days the clock is ahead, changed by the test."""
        return [0.0]

    @pytest.fixture
    def clock(self, days: list[float]) -> Clock:
        return lambda: utc_now() + timedelta(days=days[0])

    def test_only_the_newest_are_kept_and_doctor_tells_when_there_is_no_young_one(
        self, app: App, days: list[float], tmp_path: Path
    ) -> None:
        assert _told(app)[0] is Health.OK
        days[0] = 8
        assert _told(app) == (Health.WARNING, "None was made yet.")
        foreign = tmp_path / "kept/customers.tar.gz"
        foreign.parent.mkdir()
        foreign.write_text("not ours")
        made = []
        for ahead in (8, 9, 10):
            days[0] = ahead
            made.append(make(app, tmp_path / "trunkline.toml", tmp_path / "kept", keep=2))
        assert sorted(foreign.parent.iterdir()) == sorted([foreign, made[1].file, made[2].file])
        assert made[2].removed == (made[0].file,)
        health, detail = _told(app)
        assert (health, str(made[2].file) in detail) == (Health.OK, True)
        days[0] = 18
        assert _told(app)[0] is Health.WARNING


def _told(app: App) -> tuple[Health, str]:
    with app.reading() as ctx:
        (found,) = [report for _plugin, report in reports(ctx) if report.name == "Backup"]
    return found.health, found.detail


@pytest.mark.both_databases
def test_the_commands_say_what_to_do_and_the_log_tells_of_it(
    app: App, elsewhere: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_PLUGINS", "[]")
    monkeypatch.chdir(tmp_path)

    def trunkline(config: Config, *words: str) -> str:
        monkeypatch.setenv("TRUNKLINE_DATA", str(config.data))
        monkeypatch.setenv("TRUNKLINE_DATABASE", config.database)
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    told = trunkline(app.config, "backup", str(tmp_path / "mine.tar.gz"))
    assert "is not in it" in told
    assert "secrets.key" in told
    with app.reading() as ctx:
        last = ctx.session.execute(text("SELECT operation FROM core_activity ORDER BY id DESC LIMIT 1"))
        assert last.scalar_one() == "core.backup.make"
    elsewhere.prepare_data_folder()
    shutil.copy(app.config.key_path, elsewhere.key_path)
    told = trunkline(elsewhere, "restore", str(tmp_path / "mine.tar.gz"))
    assert "trunkline doctor" in told
    assert "BEFORE" not in told, "the key file is there already"
    again = App.start(elsewhere, waker=Silent())
    with again.reading() as ctx:
        last = ctx.session.execute(text("SELECT operation FROM core_activity ORDER BY id DESC LIMIT 1"))
        assert last.scalar_one() == "core.backup.restore"
    again.close()


@pytest.mark.postgres
def test_programs_that_are_missing_or_too_old_are_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgres.Server(make_url(os.environ["TRUNKLINE_TEST_POSTGRES"]))
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    monkeypatch.setattr(postgres, "_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"pg_dump is not installed here.*apt install postgresql-client-"):
        server.dump(tmp_path / "dump")
    old.chmod(0o755)
    with pytest.raises(ConfigError, match="pg_dump is of version 9 here"):
        server.dump(tmp_path / "dump")
    told = postgres.Server.at(
        "postgresql+psycopg://me:secret@db.example/ours?password=secret&sslmode=require"
    )
    assert told._address == "postgresql://me@db.example/ours?sslmode=require", (
        "everybody may read command lines"
    )
