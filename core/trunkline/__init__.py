"""Trunkline: the trunk of an open-source BSS/OSS. Everything an operator sells or runs is a plugin on top of it."""

from importlib.metadata import version

__version__ = version("trunkline")
