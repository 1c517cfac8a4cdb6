"""What changes contracts."""

from trunkline.contracts.operations.accepting import accept
from trunkline.contracts.operations.documents import attach, remove_annex
from trunkline.contracts.operations.drafting import create, edit, withdraw
from trunkline.contracts.operations.ending import keep, terminate
from trunkline.contracts.operations.indexing import index

__all__ = [
    "accept",
    "attach",
    "create",
    "edit",
    "index",
    "keep",
    "remove_annex",
    "terminate",
    "withdraw",
]
