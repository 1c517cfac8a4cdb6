"""Reading erasures beside the entries that they are about."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, RowMapping, Select

from trunkline.activity.chain import ERASURE_FIELDS, plain
from trunkline.activity.models import ActivityDigest, ActivityErasure

_DIGEST = ActivityDigest.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_ERASURE = ActivityErasure.__table__.c  # type: ignore[attr-defined]  # SQLModel's types hide it
_NAMES = (*ERASURE_FIELDS, "proof")


def with_erasures(statement: Select[Any], digests: FromClause) -> Select[Any]:
    """`statement` over `digests`, whose rows tell as `erased` what an erasure has left, if any."""
    joined = digests.outerjoin(_ERASURE.entry_id.table, _ERASURE.entry_id == _DIGEST.entry_id)
    return statement.add_columns(*(_ERASURE[name].label(f"erased_{name}") for name in _NAMES)).select_from(
        joined
    )


def erased(row: RowMapping) -> dict[str, Any] | None:
    """The erasure of a row of such a statement."""
    if row["erased_entry_id"] is None:
        return None
    return {name: row[f"erased_{name}"] for name in _NAMES}


def as_facts(erasure: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """How a file of exported entries tells it."""
    return {} if erasure is None else {"erased": {name: plain(value) for name, value in erasure.items()}}
