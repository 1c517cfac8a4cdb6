"""Keeping what a request is about so that everybody reads it in their own language, amounts and times written their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.i18n import Lazy, format_datetime, format_money, translate


class _Shown:
    """A value that is written the reader's way each time it is shown."""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True)
class Amount(_Shown):
    """Money: micro-units (1e-6) of a currency."""

    micros: int
    currency: str

    def __str__(self) -> str:
        return format_money(self.micros, self.currency)


@dataclass(frozen=True)
class Moment(_Shown):
    """An aware point in time."""

    at: datetime

    def __str__(self) -> str:
        return format_datetime(self.at)


#: What may stand in a request: words, translated where `gettext` made them, amounts and times.
Said = str | Amount | Moment


def kept(said: Said) -> Any:
    """The value as JSON that `shown` understands. Times are kept in their own offset."""
    if isinstance(said, Amount):
        return {"micros": said.micros, "currency": said.currency}
    if isinstance(said, Moment):
        return {"at": said.at.isoformat()}
    if not isinstance(said, Lazy):
        return str(said)
    message, values = said.parts
    return {"text": message, "values": {name: _value(value) for name, value in values.items()}}


def _value(value: object) -> Any:
    return kept(value if isinstance(value, (str, Amount, Moment)) else str(value))


def shown(held: Any) -> str:
    """What `kept` made, in the language of whoever reads now."""
    if isinstance(held, str):
        return held
    if "micros" in held:
        return str(Amount(held["micros"], held["currency"]))
    if "at" in held:
        return str(Moment(datetime.fromisoformat(held["at"])))
    return translate(held["text"], **{name: shown(value) for name, value in held["values"].items()})


def summary_of(words: Mapping[str, Any]) -> str:
    """The headline of a request, in the reader's language."""
    return shown(words["summary"])


def facts_of(words: Mapping[str, Any]) -> list[list[str]]:
    """Label and value of what the second person reads, in the reader's language."""
    return [[shown(label), shown(value)] for label, value in words["facts"]]


def words_of(summary: Said, facts: Sequence[tuple[Said, Said]]) -> dict[str, Any]:
    """Headline and facts as a request keeps them."""
    return {"summary": kept(summary), "facts": [[kept(label), kept(value)] for label, value in facts]}
