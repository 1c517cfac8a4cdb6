"""`trunkline plugin new`: a plugin that works and is tested, to be changed into one's own."""

from trunkline.scaffold.render import scaffold

__all__ = ["scaffold"]
