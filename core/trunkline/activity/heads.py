"""The head of the chain, noted outside the database, so that nobody can cut the log's end off unseen."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trunkline.errors import Refused
from trunkline.i18n import gettext as _

if TYPE_CHECKING:
    from trunkline.config import Config

log = logging.getLogger(__name__)
FILE = "activity.head"


@dataclass(frozen=True)
class Head:
    """The newest seal's number and chain value, written `number:chain`."""

    number: int
    chain: str

    @classmethod
    def read(cls, text: str) -> Self:
        """The head that this text names. Raises Refused when it names none."""
        number, _colon, chain = text.strip().partition(":")
        if not number.isdecimal() or len(chain) != 64:
            raise Refused(
                _("“{text}” is no head of the activity log.", text=text),
                field="head",
                remedy=_("Copy number:chain from a log line that says “activity log head”."),
            )
        return cls(int(number), chain)

    def __str__(self) -> str:
        return f"{self.number}:{self.chain}"


def noted(config: "Config") -> Head | None:
    """The head that this host noted last. Raises Refused when its file holds something else."""
    path = _path(config)
    return Head.read(path.read_text()) if path.exists() else None


def note(config: "Config", head: Head) -> None:
    """Keep the head beside the data; never an older one than is noted already."""
    path = _path(config)
    try:
        known = noted(config)
    except Refused:
        # Left for the verification to name.
        return
    if known is not None and known.number >= head.number:
        return
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{head}\n")
    fresh.replace(path)


def announce(head: Head) -> None:
    """Write the head to the log stream, which goes where the database's administrator cannot change it."""
    log.info("activity log head %s", head)


def _path(config: "Config") -> Path:
    return config.data / FILE
