"""The list of customers who may be the same."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlmodel import col

from trunkline.customers.merging.candidates import REASONS
from trunkline.customers.merging.models import CustomerDuplicate
from trunkline.i18n import gettext as _
from trunkline.web.tables import Column, Empty, Filter, Kind, Table


def said(reasons: str) -> str:
    """What two customers share, in words."""
    return ", ".join(str(REASONS[reason]) for reason in reasons.split() if reason in REASONS)


def _shares(chosen: Sequence[str]) -> Any:
    """Whether two customers share one of these, as one of the few words that say so: an index has those."""
    every = [part for count in range(1, len(REASONS) + 1) for part in combinations(REASONS, count)]
    said_so = [" ".join(part) for part in every if not set(chosen).isdisjoint(part)]
    return col(CustomerDuplicate.reasons).in_(said_so)


DUPLICATES = Table(
    "customer_duplicates",
    label=_("Duplicates"),
    columns=(
        Column("name", _("Customer"), sub="number"),
        Column("other_name", _("May be the same as"), sub="other_number"),
        Column("reasons", _("Because"), value=lambda row: said(row["reasons"]), priority=2),
        Column("found_at", _("Found"), Kind.DATE, priority=3),
    ),
    filters=(Filter("reason", _("Because"), list(REASONS.items()), where=_shares),),
    sort="-score",
    row_href="/customers/{number}/merge/{other_number}",
    empty=Empty(
        _("No two customers look alike"),
        _("Every night customers are compared by tax id, e-mail address, phone number and name."),
        "users",
    ),
)
