"""The contract that every plugin keeps, and that its check finds each breach."""

from collections.abc import Mapping

import pytest

from tests.contract.strangers import Strangers
from trunkline.app import App
from trunkline.config import BUNDLED_PLUGINS
from trunkline.plugin_life.contract import check, with_requirements
from trunkline_inventory import models as _inventory  # noqa: F401 — a breach below points to its table


@pytest.mark.plugins
@pytest.mark.parametrize("name", [*BUNDLED_PLUGINS, "geocoding_google", "ldap", "oidc"])
def test_a_bundled_plugin_keeps_the_contract(app: App, name: str) -> None:
    assert [str(problem) for problem in check(app, name)] == []


@pytest.mark.plugins
def test_an_unknown_plugin_is_a_problem_and_no_crash(app: App) -> None:
    (problem,) = check(app, "nobody")
    assert "No installed wheel" in problem.text


@pytest.mark.plugins
def test_one_that_cannot_be_imported_is_a_problem_and_no_crash(app: App, strangers: Strangers) -> None:
    strangers.install("broken", "raise RuntimeError('no licence')")
    (problem,) = check(app, "broken")
    assert problem.text == "RuntimeError: no licence"


def test_requirements_come_first_and_once(strangers: Strangers) -> None:
    strangers.install("ground")
    strangers.install("wall", requires=["ground"])
    strangers.install("door", requires=["wall", "ground"])
    assert with_requirements("door") == ("ground", "wall", "door")


_PLUGIN = """
from trunkline.plugin import MenuItem, Permission, Plugin, Slot, StepKind, hookimpl
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import Pages

plugin = Plugin(name="{name}", label="{name}", models="trunkline_{name}.models", permissions=({permissions}))
{code}
"""
_MODELS = """
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field
from trunkline.db.base import Record
from trunkline.db.types import BigKey

class {word}Thing(Record, table=True):
    __tablename__ = "{name}_thing"
    {column}
"""
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "{name}_thing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_{name}_thing")),
    )


def downgrade() -> None:
    {down}
"""


def _files(
    name: str,
    *,
    code: str = "",
    permissions: str = "",
    column: str = "pass",
    down: str = "",
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The files of a plugin that keeps the contract, but for what is given."""
    return {
        "plugin.py": _PLUGIN.format(name=name, code=code, permissions=permissions),
        "models.py": _MODELS.format(name=name, word=name.capitalize(), column=column),
        "migrations/0001_initial.py": _MIGRATION.format(
            name=name, down=down or f'op.drop_table("{name}_thing")'
        ),
        **(more or {}),
    }


@pytest.mark.plugins
def test_the_least_plugin_keeps_it(app: App, strangers: Strangers) -> None:
    strangers.install("least", files=_files("least"))
    assert check(app, "least") == []


_KEY = 'other_id: int = Field(sa_column=Column(BigKey, ForeignKey("{target}")))'
_SECOND = """
from trunkline_bad import models

revision = "bad_0002"
down_revision = "bad_0001"

def upgrade(): ...

def downgrade(): ...
"""
_MENU = '@hookimpl\ndef menu():\n    return [MenuItem("x", "/bad", "x", "bad.thing.list")]\n'
_STEP = '@hookimpl\ndef step_kinds():\n    return [StepKind("{name}", "x", do=dict{more})]\n'
_PAGES = """
@hookimpl
def routes():
    pages = Pages()
    pages.get("{path}", permission="public")(print)
    return [pages]
"""
_REST = """
@hookimpl
def rest_routes():
    rest = RestRoutes("/bad", "bad")
    @rest.get("/things", permission="bad.thing.list")
    def things(ctx, kind: "NobodyKnows"): ...
    return [rest]
"""

BREACHES = {
    "a permission that nobody declares": (_files("bad", code=_MENU), "permissions", "needs bad.thing.list"),
    "a role that does not exist": (
        _files("bad", permissions='Permission("bad.thing.list", "x", ("king",)),'),
        "permissions",
        "names the role king",
    ),
    "a step kind under another name": (
        _files("bad", code=_STEP.format(name="good.do", more=", irreversible=True")),
        "hooks",
        "good.do must begin with bad.",
    ),
    "a step that cannot be undone and does not say so": (
        _files("bad", code=_STEP.format(name="bad.do", more="")),
        "hooks",
        "needs an undo",
    ),
    "a page outside its own path": (_files("bad", code=_PAGES.format(path="/customers/bad")), "hooks", "/customers/bad"),
    "a page with a malformed path": (_files("bad", code=_PAGES.format(path="/bad/{x}{x}")), "hooks", "/bad/{x}{x}"),
    "REST routes that cannot be built": (
        _files("bad", code=_REST, permissions='Permission("bad.thing.list", "x"),'),
        "hooks",
        "NobodyKnows",
    ),
    "a hook that raises": (_files("bad", code="@hookimpl\ndef slots():\n    raise OSError('x')\n"), "hooks", "OSError: x"),
    "a hook that returns something else": (_files("bad", code="@hookimpl\ndef menu():\n    return ['x']\n"), "hooks", "MenuItem"),
    "models without a migration for them": (
        _files("bad", column="extra: str = ''"),
        "migrations",
        "Models and migrations differ",
    ),
    "a way down that leaves tables": (_files("bad", down="pass"), "migrations", "leaves the table bad_thing"),
    "a migration that uses its own code": (
        _files("bad", more={"migrations/0002_more.py": _SECOND}),
        "imports",
        "must outlive the code",
    ),
    "a foreign key that says nothing of deletion": (
        _files("bad", column=_KEY.format(target="core_customer.id")),
        "tables",
        "does not say what becomes of it",
    ),
    "a foreign key to a plugin that is not required": (
        _files("bad", column=_KEY.format(target="inventory_item.id\", ondelete=\"RESTRICT")),
        "tables",
        "of inventory",
    ),
    "an import of a plugin that is not required": (
        _files("bad", more={"other.py": "from trunkline_inventory import queries\n"}),
        "imports",
        "imports trunkline_inventory.queries",
    ),
    "a template with a mistake": (_files("bad", more={"templates/x.html": "{% if %}"}), "templates", "bad/x.html, line 1"),
    "a template that names one that is not there": (
        _files("bad", more={"templates/x.html": '{% extends "bad/none.html" %}'}),
        "templates",
        "names bad/none.html",
    ),
    "code that names a template that is not there": (
        _files("bad", more={"pages.py": 'TEMPLATE = "bad/gone.html"\n'}),
        "templates",
        "names bad/gone.html",
    ),
    "templates in a folder of the plugin's name": (_files("bad", more={"templates/bad/x.html": "x"}), "templates", "bad/bad/"),
    "a table under another name": (
        {**_files("bad"), "models.py": _MODELS.format(name="worse", word="Bad", column="pass")},
        "tables",
        "The table worse_thing must be called bad_",
    ),
}  # fmt: skip


@pytest.mark.plugins
@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(app: App, strangers: Strangers, breach: str) -> None:
    files, area, words = BREACHES[breach]
    strangers.install("bad", files=files)
    problems = check(app, "bad")
    assert any(problem.area == area and words in str(problem) for problem in problems), "\n".join(
        map(str, problems)
    )


@pytest.mark.plugins
def test_a_private_import_of_a_required_plugin_is_found(app: App, strangers: Strangers) -> None:
    files = {
        "plugin.py": 'from trunkline.plugin import Plugin\nplugin = Plugin("nosy", "N", requires=("inventory",))\n'
    }
    files["operations.py"] = "from trunkline_inventory.models import InventoryItem\n"
    strangers.install("nosy", files=files, requires=["inventory"])
    (problem,) = check(app, "nosy")
    assert "imports trunkline_inventory.models, which is private" in problem.text


@pytest.mark.plugins
def test_a_wheel_that_does_not_say_its_core_is_found(app: App, strangers: Strangers) -> None:
    strangers.install("vague", core="")
    (problem,) = check(app, "vague")
    assert (problem.area, problem.text) == ("wheel", "It does not say which cores it works with.")
