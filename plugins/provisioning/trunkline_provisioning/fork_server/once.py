"""What every run would do anew although nothing of it differs, or although it happens once in a run."""

import argparse
import copy
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: Files that this run reads once, by their full names: the playbook and those of its variables.
_read_once: set[str] = set()


def install() -> None:
    """Put this in front of Ansible's own ways; after the priming run, whose settings all runs share."""
    _keep_parser()
    _load_without_copy()


def _keep_parser() -> None:
    """Building the parser of the command line costs a twentieth of a run."""
    from ansible.cli.playbook import PlaybookCLI

    parser: argparse.ArgumentParser = _parser(PlaybookCLI)

    def init_parser(self: Any, *_arguments: object, **_options: object) -> None:
        self.parser = parser

    PlaybookCLI.init_parser = init_parser


def _parser(kind: Any) -> argparse.ArgumentParser:
    cli = kind(["ansible-playbook"])
    cli.init_parser()
    parser: argparse.ArgumentParser = cli.parser
    # Else that of the server's own command line.
    parser.prog = "ansible-playbook"
    return parser


def _load_without_copy() -> None:
    """Ansible copies deeply what it has read, in case that it reads the file once more; that takes longer than reading."""
    from ansible.parsing.dataloader import DataLoader

    stock = DataLoader.load_from_file

    def load_from_file(
        self: Any, file_name: str, cache: str = "all", unsafe: bool = False, **options: Any
    ) -> Any:
        name = self.path_dwim(file_name)
        known = name in self._FILE_CACHE
        data = stock(self, file_name, cache=cache, unsafe=True, **options)
        if name in _read_once and not known:
            _read_once.discard(name)
            self._FILE_CACHE.pop(name, None)
            return data
        return data if unsafe else copy.deepcopy(data)

    DataLoader.load_from_file = load_from_file


def note(argv: Sequence[str]) -> None:
    """Say which files the run with these arguments reads once: its last argument, and each `-e @FILE`."""
    _read_once.clear()
    files = [word[1:] for before, word in itertools.pairwise(argv) if before == "-e" and word[:1] == "@"]
    _read_once.update(str(Path(name).absolute()) for name in (*files, *argv[-1:]))
