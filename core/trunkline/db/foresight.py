"""What a page will ask of PostgreSQL, by what it asked the last times: asked together, it costs the way there and back once.

A page about one row asks many small questions, most of them about the key of that row, and the same ones for each row. So the
first question about a key is put together with those that followed it before; and the first question of all, which is who asks,
together with those about the words of the page's address, which name the row. What was foreseen wrongly costs its answer, and
nothing else comes of it: an answer is only taken for the very question it belongs to.
"""

from collections.abc import Callable, Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class _Word:
    """Stands likewise for a word of the address, by its place among them."""

    place: int


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

    @property
    def waits_for_key(self) -> bool:
        return _Key.KEY in self.values


class Foresight:
    """What one kind of units of work asks after its first questions; and of the unit under way, what is answered."""

    def __init__(self) -> None:
        self._habits: dict[bytes, _Habit] = {}
        self._words: Sequence[object] = ()
        self._first = True
        self._key: int | None = None
        self._asked: dict[bytes, _Habit] = {}
        self._answers: dict[bytes, tuple[list[Any], Answer]] = {}

    def begin(self, words: Sequence[object] = ()) -> None:
        """Another unit of work, about what these words name; what the one before asked is remembered."""
        if self._key is not None:
            self._habits = self._asked
        self._words, self._first, self._key, self._asked, self._answers = words, True, None, {}, {}

    def expected(self, question: Question) -> list[Question]:
        """The questions to put together with this one; none unless it is the first of all or the first about a key."""
        sql, values, keep = question
        first, self._first = self._first, False
        about_key = self._key is None and len(values) == 1 and type(values[0]) is int
        if about_key:
            self._key = values[0]
        elif not first and sql not in self._asked:
            self._remember(sql, values, keep)
        return [
            Question(other, [self._value(one) for one in habit.values], habit.keep)
            for other, habit in self._habits.items()
            if habit.times >= _OFTEN and other != sql and (about_key if habit.waits_for_key else first)
        ]

    def _value(self, shape: Any) -> Any:
        if shape is _Key.KEY:
            return self._key
        return self._words[shape.place] if isinstance(shape, _Word) else shape

    def _remember(self, sql: bytes, values: list[Any], keep: bool) -> None:
        if not all(isinstance(value, _CONSTANT) for value in values):
            return
        shape = tuple(map(self._shape, values))
        if not any(isinstance(one, (_Key, _Word)) for one in shape):
            return
        before = self._habits.get(sql)
        times = before.times + 1 if before is not None and before.values == shape else 1
        self._asked[sql] = _Habit(shape, keep, times)

    def _shape(self, value: Any) -> Any:
        if type(value) is int and value == self._key:
            return _Key.KEY
        return _Word(self._words.index(value)) if value in self._words else value

    def keep(self, answered: Iterable[tuple[Question, Answer]]) -> None:
        """The answers to the expected questions."""
        self._answers.update({question.sql: (question.values, answer) for question, answer in answered})

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
