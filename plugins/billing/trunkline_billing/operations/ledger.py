"""Posting: the only place that writes entries, so that every one balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import col

from trunkline.operation import Context
from trunkline_billing.models.accounts import BillingAccount, BillingEntry, BillingPosting, Ledger

Sides = Sequence[tuple[Ledger, int]]


@dataclass(frozen=True)
class NewEntry:
    """An entry to be posted to one account; `sides` are (book, micro-units), debits positive."""

    unique_key: str
    account_id: int
    customer_id: int
    currency: str
    kind: str
    text: str
    sides: Sides
    reverses_id: int | None = None


def post(ctx: Context, entries: Sequence[NewEntry], at: datetime) -> list[int]:
    """Post entries and return their keys in the same order.

    Raises ValueError when one does not balance, and the database refuses a key that was posted before: both are defects.
    """
    if not entries:
        return []
    for entry in entries:
        if sum(micros for _ledger, micros in entry.sides):
            raise ValueError(f"entry {entry.unique_key} does not balance")
    keys = [
        key or 0
        for key in ctx.session.scalars(
            insert(BillingEntry).returning(col(BillingEntry.id), sort_by_parameter_order=True),
            [
                {
                    "unique_key": entry.unique_key,
                    "account_id": entry.account_id,
                    "customer_id": entry.customer_id,
                    "kind": entry.kind,
                    "text": entry.text[:200],
                    "at": at,
                    "reverses_id": entry.reverses_id,
                }
                for entry in entries
            ],
        )
    ]
    postings = [
        {
            "account_id": entry.account_id,
            "entry_id": key,
            "seq": seq,
            "ledger": ledger,
            "amount_micros": micros,
            "currency": entry.currency,
        }
        for key, entry in zip(keys, entries, strict=True)
        for seq, (ledger, micros) in enumerate((side for side in entry.sides if side[1]), start=1)
    ]
    if postings:
        ctx.session.execute(insert(BillingPosting), postings)
    return keys


def post_one(
    ctx: Context, account: BillingAccount, kind: str, unique_key: str, text: str, sides: Sides
) -> int:
    """Post one entry to `account` now and return its key."""
    entry = NewEntry(unique_key, account.id or 0, account.customer_id, account.currency, kind, text, sides)
    return post(ctx, [entry], ctx.now())[0]


def reverse(ctx: Context, entry_id: int, text: str) -> int:
    """Post the opposite of an entry. The database refuses a second reversal."""
    entry = ctx.session.get_one(BillingEntry, entry_id)
    rows = ctx.session.execute(
        select(
            col(BillingPosting.ledger), col(BillingPosting.amount_micros), col(BillingPosting.currency)
        ).where(col(BillingPosting.entry_id) == entry_id, col(BillingPosting.account_id) == entry.account_id)
    ).all()
    reversal = NewEntry(
        f"reversal:{entry_id}",
        entry.account_id,
        entry.customer_id,
        rows[0].currency if rows else "",
        "reversal",
        text,
        [(Ledger(row.ledger), -row.amount_micros) for row in rows],
        entry_id,
    )
    return post(ctx, [reversal], ctx.now())[0]
