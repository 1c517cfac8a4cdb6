"""Passwords: hashing by argon2id (RFC 9106), one at a time in a thread of its own, and the rules for new ones."""

import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from trunkline.errors import Refused
from trunkline.i18n import gettext

_ = gettext

#: Longer input is refused instead of hashed; a longer passphrase adds nothing.
MAX_LENGTH = 200
#: zxcvbn's estimate: below 10^6 guesses a password falls to anybody who tries lists.
_LEAST_SCORE = 2
#: Characters beyond one's own name and address.
_LEAST_OF_ONES_OWN = 6
#: By how much the system prefers other threads, from 0 to 19: at 10 they get nine tenths of a processor that both want.
_NICENESS = 10


def _let_others_first() -> None:
    """Lower the rank of the calling thread. Where only processes have a rank, and not each thread, nothing happens."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            rank = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, min(19, rank + _NICENESS))


#: The one thread that hashes. Its memory (19 MiB at a time) stays in one place, and it needs the interpreter only between hashes.
_thread = ThreadPoolExecutor(1, "hashing", initializer=_let_others_first)


@dataclass
class Hashing:
    """How passwords are hashed. The defaults are OWASP's for argon2id: 19 MiB, two passes, one lane.

    One hash at a time in a process: twenty at once took 1.5 GB and made every other page slow.
    """

    memory_kib: int = 19 * 1024
    passes: int = 2

    def __post_init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=self.passes, memory_cost=self.memory_kib, parallelism=1, type=Type.ID
        )
        self._nobody = ""

    def hash(self, password: str) -> str:
        """The argon2id hash with its parameters and salt in PHC format."""
        return _thread.submit(self._hasher.hash, password).result()

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one. Without a kept hash it takes as long and is false."""
        if len(password) > MAX_LENGTH:
            return False
        return _thread.submit(self._verified, kept, password).result()

    def _verified(self, kept: str | None, password: str) -> bool:
        if not self._nobody:
            self._nobody = self._hasher.hash("nobody has this password")
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters, so that it should be made anew at the next sign-
        in.
        """
        return self._hasher.check_needs_rehash(kept)


_hashing = Hashing()


def hashing() -> Hashing:
    """How this process hashes passwords."""
    return _hashing


@contextmanager
def hashing_with(other: Hashing) -> Iterator[None]:
    """Hash with other parameters for a while: tests sign in hundreds of times."""
    global _hashing
    before, _hashing = _hashing, other
    try:
        yield
    finally:
        _hashing = before


def check_new(password: str, *, least: int, personal: Sequence[str], name: str = "password") -> None:
    """Raise Refused (field `name`) when a new password is too short, too long, or one that is guessed first.

    `personal` holds what an attacker knows anyway: e-mail address, name, the operator's name.
    """
    if len(password) < least:
        raise Refused(
            _("The password needs at least {n} characters.", n=least),
            field=name,
            remedy=_("Three or four words that do not belong together are easy to keep in mind."),
        )
    if len(password) > MAX_LENGTH:
        raise Refused(
            _("The password may have {n} characters at most.", n=MAX_LENGTH),
            field=name,
            remedy=_("Shorten it."),
        )
    words = [part for text in personal for part in (text, *re.split(r"[\W_]+", text)) if len(part) > 2]
    if len(_without(password, words)) < _LEAST_OF_ONES_OWN or _score(password, words) < _LEAST_SCORE:
        raise Refused(
            _("This password is among the first that anybody would try."),
            field=name,
            remedy=_("Three or four words that do not belong together are easy to keep in mind."),
        )


def _without(password: str, words: Sequence[str]) -> str:
    """What is left of a password when everything that is known about its owner is taken out."""
    left = password.lower()
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word.lower(), "")
    return left


def _score(password: str, words: Sequence[str]) -> int:
    # Its word lists take 14 MB, which a process that never sets a password need not carry.
    from zxcvbn import zxcvbn

    return int(zxcvbn(password[:72], user_inputs=list(words))["score"])
