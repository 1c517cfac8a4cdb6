"""Writing into a new migration the triggers of the append-only tables that it makes; read by Alembic's environment alone."""

from typing import Any, cast

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, MigrationScript, ops
from sqlalchemy import Table
from sqlmodel import SQLModel


def write_triggers(context: object, revision: object, directives: "list[MigrationScript]") -> None:
    """Alembic's `process_revision_directives`: after the tables that a new migration makes, the triggers that protect them."""
    for script in directives:
        upgrade, downgrade = script.upgrade_ops, script.downgrade_ops
        if upgrade is None or downgrade is None:
            continue
        made = [operation.table_name for operation in upgrade.ops if isinstance(operation, ops.CreateTableOp)]
        for name in made:
            table = SQLModel.metadata.tables.get(name)
            if table is not None and table.info.get("append_only"):
                upgrade.ops.append(cast("Any", _Protect(table)))
                downgrade.ops.append(cast("Any", _Unprotect(table)))


class _Protect(MigrateOperation):
    """The triggers of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table


class _Unprotect(_Protect):
    """What outlives a dropped table: the trigger function on PostgreSQL."""


@renderers.dispatch_for(_Protect)
def _render_protect(context: AutogenContext, operation: _Protect) -> str:
    context.imports.add("from trunkline.db import append_only")
    keys = "".join(f', "{column.name}"' for column in operation.table.primary_key)
    return f'append_only.protect(op.get_bind(), "{operation.table.name}"{keys})'


@renderers.dispatch_for(_Unprotect)
def _render_unprotect(context: AutogenContext, operation: _Unprotect) -> str:
    return f'append_only.forget(op.get_bind(), "{operation.table.name}")'
