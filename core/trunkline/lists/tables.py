"""The rows of work on many, as REST lists them."""

from typing import Any

from sqlalchemy import Select, case, select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.lists.models import ListRun, ListRunRow, RowOutcome
from trunkline.web.tables import Column, Filter, Table

_LABELS = {
    "waiting": _("Waiting"),
    "done": _("Done"),
    "failed": _("Failed"),
    "asked": _("Waits for a second person"),
    "left": _("Left as it is"),
}
_OUTCOME = case((col(ListRunRow.outcome) == RowOutcome.WAITING, "waiting"), else_=col(ListRunRow.outcome))

RUN_ROWS = Table(
    "list-run-rows",
    [Column("label", _("Row")), Column("outcome", _("Outcome")), Column("message", _("Why"))],
    filters=[Filter("outcome", _("Outcome"), tuple(_LABELS.items()), column=_OUTCOME)],
    sort="id",
)


def list_rows(run: ListRun) -> Select[Any]:
    """The rows of one run."""
    return select(
        col(ListRunRow.id).label("id"),
        col(ListRunRow.label).label("label"),
        _OUTCOME.label("outcome"),
        col(ListRunRow.message).label("message"),
    ).where(col(ListRunRow.run_id) == run.key)
