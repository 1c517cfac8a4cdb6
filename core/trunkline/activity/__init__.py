"""The activity log. Plugins call `viewed` where they show what is sensitive; everything else records itself."""

from trunkline.activity.viewing import viewed

__all__ = ["viewed"]
