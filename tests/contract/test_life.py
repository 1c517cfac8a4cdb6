"""Switching plugins on and off in the file, and purging what one leaves, in words and figures, or not at all."""

import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, inspect, text
from sqlmodel import select
from typer.testing import CliRunner

from tests.contract.strangers import Strangers
from trunkline.access.models import RoleGrant
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.config import BUNDLED_PLUGINS, Config
from trunkline.errors import NotFound, Refused
from trunkline.events.models import EventDelivery
from trunkline.jobs import PlannedStep, enqueue
from trunkline.jobs.models import Job, JobState, JobStep, StepState
from trunkline.jobs.wake import Silent
from trunkline.plugin_life.belongings import belongings
from trunkline.plugin_life.configuration import disable, enable
from trunkline.plugin_life.operations import purge
from trunkline.search.models import SearchDocument, document_id
from trunkline.settings.store import Setting
from trunkline.setup import prepare

FILE = """# What this operator runs.
operator_name = "Vale Telecom"
plugins = [
  "inventory",  # stock
  "catalog",
  # sold since May
  "billing",
]

[plugin.billing]
# keep
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trunkline.toml"
    path.write_text(FILE)
    return path


def test_enabling_keeps_comments_and_adds_what_is_required(file: Path) -> None:
    assert enable(file, Config.load(file), "portal") == ["portal"]
    written = file.read_text()
    assert tomllib.loads(written)["plugins"] == ["inventory", "catalog", "billing", "portal"]
    for comment in ("# What this operator runs.", "# stock", "# sold since May", "# keep"):
        assert comment in written
    assert enable(file, Config.load(file), "portal") == []


def test_enabling_brings_requirements_in_front(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text("plugins = []\n[mail]\nhost = 'relay'\n")
    assert enable(path, Config.load(path), "billing") == ["inventory", "catalog", "billing"]
    assert tomllib.loads(path.read_text()) == {
        "plugins": ["inventory", "catalog", "billing"],
        "mail": {"host": "relay"},
    }


def test_a_file_without_the_key_gets_it_before_its_tables(tmp_path: Path, strangers: Strangers) -> None:
    strangers.install("guest")
    path = tmp_path / "trunkline.toml"
    path.write_text("operator_name = 'Vale'\n\n[mail]\nhost = 'relay'\n")
    assert enable(path, Config.load(path), "guest") == ["guest"]
    assert tomllib.loads(path.read_text())["plugins"] == [*BUNDLED_PLUGINS, "guest"]


def test_disabling_names_the_dependants(file: Path) -> None:
    with pytest.raises(Refused, match="billing cannot run without catalog"):
        disable(file, Config.load(file), "catalog")
    assert file.read_text() == FILE
    assert disable(file, Config.load(file), "catalog", with_dependants=True) == ["catalog", "billing"]
    assert tomllib.loads(file.read_text())["plugins"] == ["inventory"]
    with pytest.raises(Refused, match="not enabled"):
        disable(file, Config.load(file), "catalog")


def test_what_cannot_run_is_not_enabled(file: Path, strangers: Strangers) -> None:
    strangers.install("broken", "raise RuntimeError('no licence')")
    strangers.install("old", core=">=0.0.1,<0.1")
    strangers.install("needy", requires=["ghost"])
    for name, words in {
        "broken": "no licence",
        "old": "Needs trunkline<0.1",
        "needy": "requires the plugin “ghost”, which is not installed",
        "bilin": "Did you mean “billing”",
    }.items():
        with pytest.raises(Refused, match=words):
            enable(file, Config.load(file), name)
    assert file.read_text() == FILE


def test_a_variable_that_wins_over_the_file_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_PLUGINS", '["inventory"]')
    with pytest.raises(Refused, match="TRUNKLINE_PLUGINS"):
        enable(file, Config.load(file), "catalog")


_PLUGIN = """
from typing import ClassVar
from trunkline.events import Event
from trunkline.plugin import *
from trunkline.plugin import hookimpl

class Noticed(Event):
    name: ClassVar[str] = "club_member.noticed"

plugin = Plugin(
    name="club",
    label="Club",
    permissions=(Permission("club.member.list", "x", ("auditor", "supervisor")),),
    events=(Noticed,),
    models="trunkline_club.models",
)

@hookimpl
def step_kinds():
    return [StepKind("club.greet", "Greet", do=lambda step: None, irreversible=True)]

@hookimpl
def search_kinds():
    return [SearchKind("club_member", "Members", lambda ctx, ids: [], lambda ctx: [])]

@hookimpl
def on_club_member_noticed(ctx, event): ...
"""
_MODELS = """
from sqlmodel import Field
from trunkline.db.base import Record

class ClubMember(Record, table=True):
    __tablename__ = "club_member"
    name: str
"""
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0001"
down_revision = None
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table("{table}", sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True), {columns})

def downgrade() -> None:
    op.drop_table("{table}")
"""
_COLUMNS = (
    'sa.Column("created_at", sa.DateTime(timezone=True)), sa.Column("updated_at", sa.DateTime(timezone=True)), '
    'sa.Column("version", sa.Integer()), sa.Column("name", sa.String())'
)


@pytest.fixture
def club(strangers: Strangers) -> Path:
    """A plugin with one of everything that a purge removes."""
    return strangers.install(
        "club",
        files={
            "plugin.py": _PLUGIN,
            "models.py": _MODELS,
            "migrations/0001_initial.py": _MIGRATION.format(
                name="club", table="club_member", columns=_COLUMNS
            ),
        },
    )


@pytest.fixture
def used(config: Config, club: Path) -> Iterator[Callable[[], App]]:
    """Fills a system with what the plugin leaves, and gives that system without the plugin."""
    on = App.start(config.model_copy(update={"plugins": ("club",)}), waker=Silent())
    prepare(on)
    with on.unit_of_work() as ctx:
        ctx.session.execute(text("INSERT INTO club_member (name) VALUES ('Ana'), ('Bento')"))
        ctx.session.add(Setting(owner="club", name="fee", value=3))
        ctx.session.add(
            SearchDocument(
                id=document_id(900, 1),
                kind="club_member",
                entity_id=1,
                title="Ana",
                path="/club",
                permission="club.member.list",
            )
        )
        enqueue(ctx, kind="club", title="Greet", steps=[PlannedStep("club.greet")], key="greet")
        event = on.plugins[1].events[0]
        ctx.emit(event(entity_id=1))
    on.close()
    opened: list[App] = []

    def without() -> App:
        opened.append(
            App.start(config.model_copy(update={"plugins": (), "strict_plugins": False}), waker=Silent())
        )
        return opened[-1]

    yield without
    for app in opened:
        app.close()


def _left(app: App) -> dict[str, int]:
    with app.reading() as ctx:
        counted: dict[str, Select[Any]] = {
            "settings": select(Setting).where(Setting.owner == "club"),
            "grants": select(RoleGrant).where(RoleGrant.permission == "club.member.list"),
            "documents": select(SearchDocument).where(SearchDocument.kind == "club_member"),
            "deliveries": select(EventDelivery).where(EventDelivery.subscriber == "club"),
        }
        return {what: len(ctx.session.execute(statement).all()) for what, statement in counted.items()}


@pytest.mark.plugins
@pytest.mark.both_databases
def test_purging_removes_everything_and_nothing_else(used: Callable[[], App]) -> None:
    app = used()
    assert _left(app) == {"settings": 1, "grants": 2, "documents": 1, "deliveries": 1}
    with app.reading() as ctx:
        before = belongings(ctx, "club")
        grants = len(ctx.session.scalars(select(RoleGrant)).all())
    assert before.tables == {"club_member": 2}
    removed = purge(app, "club")
    assert removed == before
    assert _left(app) == {"settings": 0, "grants": 0, "documents": 0, "deliveries": 0}
    with app.database.engine.connect() as connection:
        assert not [table for table in inspect(connection).get_table_names() if "club" in table]
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(RoleGrant)).all()) == grants - 2
        assert ctx.session.scalars(select(Job)).one().state == JobState.CANCELLED
        entry = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "core.plugin.configure")
        ).one()
        assert entry.details["tables"] == {"club_member": 2}
        assert belongings(ctx, "club").is_empty


@pytest.mark.plugins
@pytest.mark.both_databases
def test_tables_go_even_when_the_wheel_is_gone(
    used: Callable[[], App], strangers: Strangers, club: Path
) -> None:
    for folder in (*strangers.folder.glob("trunkline_club-*"), club):
        shutil.rmtree(folder)
    app = used()
    assert "club" not in app.loaded.statuses
    assert purge(app, "club").tables == {"club_member": 2}
    with app.database.engine.connect() as connection:
        assert not [table for table in inspect(connection).get_table_names() if "club" in table]


@pytest.mark.plugins
def test_a_plugin_that_is_enabled_is_not_purged(config: Config, club: Path) -> None:
    app = App.start(config.model_copy(update={"plugins": ("club",)}), waker=Silent())
    prepare(app)
    with pytest.raises(Refused, match="is enabled"):
        purge(app, "club")
    app.close()


@pytest.mark.plugins
def test_what_nobody_knows_is_not_purged(app: App) -> None:
    with pytest.raises(NotFound, match="nobody"):
        purge(app, "nobody")
    with pytest.raises(Refused, match="Core cannot be purged"):
        purge(app, "core")


@pytest.mark.plugins("inventory", "catalog")
def test_what_a_dependant_with_tables_needs_is_not_purged(app: App) -> None:
    without = App.start(app.config.model_copy(update={"plugins": ()}), waker=Silent())
    with pytest.raises(Refused, match="Tables of catalog need those of inventory"):
        purge(without, "inventory")
    purge(without, "catalog")
    purge(without, "inventory")
    without.close()


@pytest.mark.plugins
def test_a_job_that_did_something_keeps_its_plugin(used: Callable[[], App]) -> None:
    app = used()
    with app.unit_of_work() as ctx:
        job, step = ctx.session.scalars(select(Job)).one(), ctx.session.scalars(select(JobStep)).one()
        job.state, step.state = JobState.RUNNING, StepState.RUNNING
    with pytest.raises(Refused, match=r"Jobs J\d+ are under way"):
        purge(app, "club")
    assert _left(app)["settings"] == 1, "something was removed all the same"


@pytest.mark.plugins
def test_the_command_counts_asks_and_takes_no_for_an_answer(
    used: Callable[[], App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trunkline.cli import cli

    app = used()
    file = tmp_path / "trunkline.toml"
    file.write_text(f'plugins = []\ndata = "{app.config.data}"\n')
    monkeypatch.setenv("TRUNKLINE_CONFIG", str(file))
    refused = CliRunner().invoke(cli, ["plugin", "purge", "club"], input="n\n")
    assert refused.exit_code == 1
    assert "table club_member: 2 rows" in refused.output
    assert "permissions in roles: 2" in refused.output
    assert "waiting jobs, which will be cancelled: J" in refused.output
    assert _left(app)["settings"] == 1
    done = CliRunner().invoke(cli, ["plugin", "purge", "club"], input="y\n")
    assert done.exit_code == 0, done.output
    assert "club is purged." in done.output
    assert _left(app)["settings"] == 0
