"""Trunkline: the trunk of an open-source BSS/OSS. Everything an operator sells or runs is a plugin on top of it."""


def __getattr__(name: str) -> str:
    """`__version__`, which few ask for: reading it takes a tenth of the command line's start."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("trunkline")
