"""The command `trunkline` (or `python -m trunkline`): what `serve` waits for longest loads before the command line does."""

import sys
from collections.abc import Sequence

#: Options before the command that take a value.
_WITH_VALUE = ("--config", "--data")


def command_of(words: Sequence[str]) -> str:
    """The first word that is neither an option nor the value of one; empty when there is none."""
    before = ""
    for word in words:
        if not word.startswith("-") and before not in _WITH_VALUE:
            return word
        before = word
    return ""


def main() -> None:
    """Entry point."""
    words = sys.argv[1:]
    if command_of(words) == "serve" and "--help" not in words:
        from trunkline import ahead

        ahead.load_web()
    from trunkline.cli import main as run

    run()


if __name__ == "__main__":
    main()
