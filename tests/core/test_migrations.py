"""Migrations: one lineage per plugin, the same schema as the models, all or nothing, and never over somebody else's tables."""

import pytest
from sqlalchemy import inspect, text

from tests.contract.strangers import Strangers
from trunkline.app import App
from trunkline.config import Config
from trunkline.db import migrate
from trunkline.errors import ConfigError
from trunkline.jobs.wake import Silent
from trunkline.setup import prepare


def _tables(app: App) -> set[str]:
    with app.database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


@pytest.mark.both_databases
def test_models_and_migrations_of_everything_bundled_agree(app: App) -> None:
    assert migrate.pending(app) == []
    assert migrate.differences(app) == []


@pytest.mark.both_databases
def test_every_plugin_goes_down_to_nothing_and_up_again(app: App) -> None:
    before = _tables(app)
    for lineage in reversed(migrate.lineages(app)[1:]):
        migrate.purge(app, lineage)
        assert not [table for table in _tables(app) if lineage.owns_table(table)]
    prepare(app)
    assert _tables(app) == before
    assert migrate.differences(app) == []


def test_every_lineage_has_one_head(app: App) -> None:
    for lineage in migrate.lineages(app):
        assert lineage.head() is not None, lineage.name


def test_a_name_that_begins_like_anothers_owns_only_its_own_tables() -> None:
    names = {"core", "billing", "billing_cgrates"}
    assert migrate.owner_of("billing_invoice", names) == "billing"
    assert migrate.owner_of("billing_cgrates_link", names) == "billing_cgrates"
    assert migrate.owner_of("billings", names) == ""
    lineage = migrate.Lineage("billing", "trunkline_billing", frozenset(names))
    assert lineage.owns_table("billing_invoice")
    assert not lineage.owns_table("billing_cgrates_link")


def test_a_newer_database_is_tolerated_and_an_older_one_is_not(app: App) -> None:
    with app.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_inventory SET version_num = 'inventory_0099'"))
    assert migrate.pending(app) == []
    with app.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version_inventory"))
    assert migrate.pending(app) == ["inventory"]


_PLUGIN = """
from trunkline.plugin import Plugin
plugin = Plugin(name="{name}", label="{name}", models="trunkline_{name}.models")
"""
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_{number}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {back}
"""
_PARENT = 'op.create_table("{name}_parent", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("title", sa.String(9)))'
_CHILD = (
    'op.create_table("{name}_child", sa.Column("id", sa.Integer(), primary_key=True), '
    'sa.Column("parent_id", sa.Integer(), sa.ForeignKey("{name}_parent.id", ondelete="CASCADE")))'
)
_FAILING = "op.execute('SELECT nothing FROM nowhere')"
_WIDER = (
    'with op.batch_alter_table("{name}_parent") as batch: batch.alter_column("title", type_=sa.String(99))'
)


def _install(strangers: Strangers, name: str, *ups: str) -> None:
    files = {"plugin.py": _PLUGIN.format(name=name), "models.py": ""}
    for number, up in enumerate(ups, start=1):
        down = "None" if number == 1 else f'"{name}_{number - 1:04d}"'
        files[f"migrations/{number:04d}_step.py"] = _MIGRATION.format(
            name=name, number=f"{number:04d}", down=down, up=up.format(name=name), back="pass"
        )
    strangers.install(name, files=files)


def _with(config: Config, *plugins: str) -> App:
    return App.start(config.model_copy(update={"plugins": plugins}), waker=Silent())


@pytest.mark.plugins
@pytest.mark.both_databases
def test_a_failing_migration_leaves_nothing_behind_and_is_named(config: Config, strangers: Strangers) -> None:
    _install(strangers, "sound", _PARENT)
    _install(strangers, "unsound", "; ".join([_PARENT, _CHILD, _FAILING]))
    app = _with(config, "sound", "unsound")
    with pytest.raises(
        ConfigError, match="The migration of unsound failed, so nothing was migrated"
    ) as caught:
        prepare(app)
    assert caught.value.remedy == "Correct the plugin, or turn it off: trunkline plugin disable unsound"
    assert not [table for table in _tables(app) if "sound" in table]
    app.close()
    without = _with(config, "sound")
    assert prepare(without) == ["sound"]
    without.close()


@pytest.mark.plugins
@pytest.mark.both_databases
def test_a_rebuilt_table_keeps_the_rows_that_point_to_it(config: Config, strangers: Strangers) -> None:
    """SQLite rebuilds a table by dropping it, which would cascade if foreign keys were on."""
    _install(strangers, "family", f"{_PARENT}; {_CHILD}")
    app = _with(config, "family")
    prepare(app)
    with app.database.engine.begin() as connection:
        connection.execute(text("INSERT INTO family_parent VALUES (1, 'first')"))
        connection.execute(text("INSERT INTO family_child VALUES (1, 1)"))
    _install(strangers, "family", f"{_PARENT}; {_CHILD}", _WIDER)
    assert prepare(app) == ["family"]
    with app.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM family_child")).scalar_one() == 1
    app.close()


@pytest.mark.plugins
def test_sqlite_is_backed_up_before_it_is_migrated(config: Config, strangers: Strangers) -> None:
    _install(strangers, "later", _PARENT)
    app = _with(config, "later")
    assert not list(config.data.glob("*-before-*.db"))
    prepare(app)
    assert len(list(config.data.glob("*-before-*.db"))) == 1
    app.close()


@pytest.mark.plugins
@pytest.mark.both_databases
def test_tables_of_a_plugin_that_is_off_are_named(config: Config, strangers: Strangers) -> None:
    _install(strangers, "passing", f"{_PARENT}; {_CHILD}")
    app = _with(config, "passing")
    prepare(app)
    assert migrate.orphan_tables(app) == {}
    app.close()
    without = _with(config)
    assert migrate.orphan_tables(without) == {"passing": ["passing_child", "passing_parent"]}
    without.close()
