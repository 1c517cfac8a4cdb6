"""Drafts: what somebody began to fill in and left, kept on the server for them alone.

A form with a draft has a word (`@pages.form(…, draft="customer")`); the page sends what is typed, and when the form is opened
again offers to go on. Sending the form drops its draft. What was sent to any form is kept while its writer is asked who they are,
because their session timed out or the form asks for a fresh proof.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.drafts.keeping import INTERRUPTED, drop, interrupted, keep_interrupted, offered

__all__ = ["INTERRUPTED", "drop", "interrupted", "keep_interrupted", "offered"]


def __getattr__(name: str) -> Any:
    """What keeps and offers drafts, whose table the command line would otherwise wait for."""
    if name not in __all__:
        raise AttributeError(name)
    from trunkline.drafts import keeping

    return getattr(keeping, name)
