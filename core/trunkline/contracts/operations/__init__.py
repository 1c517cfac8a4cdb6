"""What changes contracts."""

from trunkline.contracts.operations.accepting import accept
from trunkline.contracts.operations.documents import attach, remove_annex
from trunkline.contracts.operations.drafting import create, edit, withdraw
from trunkline.contracts.operations.ending import end_now, keep, terminate
from trunkline.contracts.operations.indexing import index
from trunkline.contracts.operations.sending import accept_by_link, accept_signed_in, adopt_print, send

__all__ = [
    "accept",
    "accept_by_link",
    "accept_signed_in",
    "adopt_print",
    "attach",
    "create",
    "edit",
    "end_now",
    "index",
    "keep",
    "remove_annex",
    "send",
    "terminate",
    "withdraw",
]
