"""What a page will ask of PostgreSQL, by what it asked the last times: asked together, it costs the way there and back once.

A page about one row asks many small questions, most of them about the key of that row, and the same ones for each row. So the
first question about a key is put together with those that followed it before. What was foreseen wrongly costs its answer, and
nothing else comes of it: an answer is only taken for the very question it belongs to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, NamedTuple

#: A question that followed this often without a gap is foreseen.
_OFTEN = 2
#: Types of what may be the same each time.
_CONSTANT = (int, str, date, type(None))


class _Key(Enum):
    """Stands for the key in what is remembered of a question's values."""

    KEY = 0


class Question(NamedTuple):
    """A select in PostgreSQL's own words, its values, and whether its plan is kept where it is asked often."""

    sql: bytes
    values: list[Any]
    keep: bool


#: Rows, and what gives the type of each column.
Answer = tuple[list[tuple[Any, ...]], Callable[[int], int]]


@dataclass(frozen=True, slots=True)
class _Habit:
    values: tuple[Any, ...]
    keep: bool
    times: int


class Foresight:
    """What one kind of units of work asks after its first question about a key; and of the unit under way, what is answered."""

    def __init__(self) -> None:
        self._habits: dict[bytes, _Habit] = {}
        self._key: int | None = None
        self._asked: dict[bytes, _Habit] = {}
        self._answers: dict[bytes, tuple[list[Any], Answer]] = {}

    def begin(self) -> None:
        """Another unit of work; what the one before asked is remembered."""
        if self._key is not None:
            self._habits = self._asked
        self._key, self._asked, self._answers = None, {}, {}

    def expected(self, question: Question) -> list[Question]:
        """The questions to put together with this one; none unless it is the first about a key."""
        sql, values, keep = question
        if self._key is not None:
            if sql not in self._asked and self._key in values:
                self._remember(sql, values, keep)
            return []
        if len(values) != 1 or type(values[0]) is not int:
            return []
        self._key = key = values[0]
        return [
            Question(other, [key if value is _Key.KEY else value for value in habit.values], habit.keep)
            for other, habit in self._habits.items()
            if habit.times >= _OFTEN and other != sql
        ]

    def _remember(self, sql: bytes, values: list[Any], keep: bool) -> None:
        if not all(isinstance(value, _CONSTANT) for value in values):
            return
        shape = tuple(_Key.KEY if value == self._key else value for value in values)
        before = self._habits.get(sql)
        times = before.times + 1 if before is not None and before.values == shape else 1
        self._asked[sql] = _Habit(shape, keep, times)

    def keep(self, answered: Iterable[tuple[Question, Answer]]) -> None:
        """The answers to the expected questions."""
        self._answers = {question.sql: (question.values, answer) for question, answer in answered}

    def forget(self) -> None:
        """One of the expected questions failed, so each is asked by itself for a while."""
        self._habits = {}

    def answer(self, question: Question) -> Answer | None:
        """What was answered already, if it was this question."""
        kept = self._answers.pop(question.sql, None)
        if kept is None or kept[0] != question.values:
            return None
        if question.sql in self._habits:
            # It was asked as ever.
            self._asked[question.sql] = self._habits[question.sql]
        return kept[1]
