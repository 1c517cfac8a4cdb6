"""The only Alembic environment: run by `trunkline.db.migrate` for one lineage at a time, on a connection it is given."""

from alembic import context

from trunkline.db.migrate import Lineage
from trunkline.db.protecting import write_triggers

lineage: Lineage = context.config.attributes["lineage"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=lineage.metadata(),
    version_table=lineage.version_table,
    include_object=lineage.owns,
    include_name=lineage.owns_name,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
    transactional_ddl=True,
    transaction_per_migration=False,
    compare_type=True,
    render_item=lineage.render,
    user_module_prefix="sa.",
    process_revision_directives=write_triggers,
)

with context.begin_transaction():
    context.run_migrations()
