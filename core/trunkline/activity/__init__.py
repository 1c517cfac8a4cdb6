"""The activity log. Plugins call `viewed` where they show what is sensitive; everything else records itself."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.activity.viewing import viewed

__all__ = ["viewed"]


def __getattr__(name: str) -> Any:
    """`viewed`, whose tables the command line would otherwise wait for."""
    if name != "viewed":
        raise AttributeError(name)
    from trunkline.activity.viewing import viewed

    return viewed
