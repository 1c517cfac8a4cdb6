"""What the second of two who edit one record reads of a field that the first changed."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Protocol

from trunkline.i18n import gettext as _
from trunkline.web.field_kinds import FieldSpec

#: Characters of either side that are shown; beyond that the page of the record has it.
_SHOWN = 400


class Written(Protocol):
    """A field as somebody holds it."""

    @property
    def spec(self) -> FieldSpec: ...

    @property
    def label(self) -> str: ...

    @property
    def shown(self) -> str: ...

    @property
    def as_said(self) -> str: ...


def told(yours: Written, theirs: Written, *, taken: bool) -> str:
    """The field's name with what it holds now; of a text of several lines only those that differ.

    `taken` says that nothing was changed here, so that what they wrote is taken over.
    """
    if yours.spec.many or yours.spec.choices or "\n" not in yours.shown + theirs.shown:
        return _("{label}: now “{value}”.").format(label=yours.label, value=theirs.as_said or "–")
    now, here = _differing(theirs.shown.splitlines(), yours.shown.splitlines())
    if taken:
        return _("{label}: now “{value}”.").format(label=yours.label, value=now)
    return _("{label}: now “{value}” in place of your “{yours}”.").format(
        label=yours.label, value=now, yours=here
    )


def _differing(theirs: Sequence[str], yours: Sequence[str]) -> tuple[str, str]:
    """The lines of each that the other has not, in short."""
    theirs, yours = ([line.rstrip() for line in text] for text in (theirs, yours))
    now: list[str] = []
    here: list[str] = []
    for same, first, last, begins, ends in SequenceMatcher(None, theirs, yours, autojunk=False).get_opcodes():
        if same != "equal":
            now += theirs[first:last]
            here += yours[begins:ends]
    return _in_short(now), _in_short(here)


def _in_short(lines: Sequence[str]) -> str:
    text = " / ".join(line.strip() for line in lines if line.strip())
    return f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text or "–"
