"""The activity list and what it can be narrowed to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, literal_column, or_, select
from sqlmodel import col

from trunkline.activity import queries
from trunkline.activity.models import ActivityEntry
from trunkline.activity.viewing import declarations
from trunkline.activity.words import title
from trunkline.customers.models import Customer
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tables import Column, Empty, Expression, Filter, Kind, Statement, Tab, Table
from trunkline.web.writing import identifier_text

_ENTRY = ActivityEntry.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
#: Sorts after every other character.
_LAST = "\U0010ffff"
_SIGNING_IN = ("core.user.sign_in", "core.user.sign_in_failed", "core.user.sign_out")


def _in_words(row: RowMapping) -> str:
    return title(row["operation"], row["subject_kind"])


def _who(row: RowMapping) -> str:
    if row["on_behalf_of"]:
        return str(_("{actor} for {other}", actor=row["actor"], other=row["on_behalf_of"]))
    return str(row["actor"])


_COLUMNS = (
    Column("at", _("When"), kind=Kind.DATETIME, sort=True),
    Column("actor", _("Who"), value=_who),
    Column("operation", _("What"), value=_in_words, sub="operation"),
    Column("subject", _("On"), sub="reason", value=lambda row: identifier_text(row["subject"])),
    Column("address", _("From where"), kind=Kind.MONO, priority=3),
)


class _ActivityTable(Table):
    """A list whose search walks an index: looking inside a million subjects would take seconds."""

    def matches_word(self, statement: Statement, word: str) -> list[Expression]:
        return [_begins_with(word)]


def activity_table(ctx: Context) -> Table:
    """The list, its suggestions drawn from what the log holds."""
    known = queries.operations(ctx)
    looks = [kind.operation for kind in declarations(ctx.app).values()]

    def of_operation(values: Sequence[str]) -> Any:
        return _ENTRY.operation.in_(_operations_called(known, values[-1]))

    def by(column: Any) -> Any:
        return lambda values: column.in_([values[-1], *queries.names_like(ctx, values[-1])])

    def for_whom(values: Sequence[str]) -> Any:
        # Said aloud, for the index holds only entries that have somebody here.
        return and_(_ENTRY.on_behalf_of != literal_column("''"), by(_ENTRY.on_behalf_of)(values))

    def of_customer(values: Sequence[str]) -> Any:
        wanted = select(col(Customer.id)).where(
            or_(col(Customer.number) == values[-1].upper(), col(Customer.name) == values[-1])
        )
        return _ENTRY.customer_id.in_(wanted)

    return _ActivityTable(
        name="activity",
        columns=_COLUMNS,
        label=_("Activity"),
        search=("subject",),
        search_label=_("Number, name or e-mail it was about"),
        tabs=(
            Tab("", _("Everything")),
            Tab("looks", _("Looking at sensitive records"), _ENTRY.operation.in_(looks)),
            Tab("sign-ins", _("Signing in"), _ENTRY.operation.in_(_SIGNING_IN)),
        ),
        filters=(
            Filter("at", _("When"), kind="dates"),
            Filter(
                "who",
                _("Who"),
                [(name, name) for name in queries.staff_names(ctx)],
                "text",
                where=by(_ENTRY.actor),
            ),
            Filter("as", _("On behalf of"), kind="text", where=for_whom),
            Filter(
                "operation",
                _("What"),
                [(name, title(name)) for name in known],
                "text",
                where=of_operation,
            ),
            Filter("on", _("About"), kind="text", column=_ENTRY.subject),
            Filter("customer", _("Customer"), kind="text", where=of_customer),
            Filter("address", _("IP address"), kind="text", column=_ENTRY.address),
        ),
        sort="-at",
        row_href="/activity/{id}",
        # Exports have a permission of their own, and are logged: see `exporting`.
        export=False,
        empty=Empty(
            _("Nothing has been done yet"), _("Every change appears here with who made it."), icon="history"
        ),
    )


def _begins_with(word: str) -> Any:
    """Subjects that begin with this word in capitals, in small letters or as it is: a range of the index each."""
    ranges = (
        (_ENTRY.subject >= form) & (_ENTRY.subject < form + _LAST)
        for form in {word, word.upper(), word.lower()}
    )
    return or_(*ranges)


def _operations_called(known: Sequence[str], text: str) -> list[str]:
    """Operations whose name or words hold the text; itself when it is one."""
    if text in known:
        return [text]
    wanted = text.casefold()
    return [name for name in known if wanted in name or wanted in title(name).casefold()]
