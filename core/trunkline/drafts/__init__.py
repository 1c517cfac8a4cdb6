"""Drafts: what somebody began to fill in and left, kept on the server for them alone.

A form with a draft has a word (`@pages.form(…, draft="customer")`); the page sends what is typed, and when the form is opened
again offers to go on. Sending the form drops its draft.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.drafts.keeping import drop, offered

__all__ = ["drop", "offered"]


def __getattr__(name: str) -> Any:
    """`drop` and `offered`, whose table the command line would otherwise wait for."""
    if name not in __all__:
        raise AttributeError(name)
    from trunkline.drafts import keeping

    return getattr(keeping, name)
