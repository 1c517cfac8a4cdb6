"""What somebody filled in so far, as it stands in their draft: the fields of each step, with the step's name before them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from starlette.datastructures import ImmutableMultiDict

from trunkline.drafts import keeping
from trunkline.operation import Context

#: The word of the draft.
DRAFT = "customer_steps"
_BETWEEN = ":"
Fields = ImmutableMultiDict[str, str]


class Kept:
    """The draft of the actor, if there is one."""

    def __init__(self, ctx: Context) -> None:
        offer = keeping.offered(ctx, DRAFT)
        self.saved_at: datetime | None = offer.saved_at if offer is not None else None
        self._fields: dict[str, list[tuple[str, str]]] = {}
        for name, value in offer.fields if offer is not None else ():
            step, _between, field = name.partition(_BETWEEN)
            self._fields.setdefault(step, []).append((field, value))

    def of(self, step: str) -> Fields | None:
        """What was typed in a step; None for one that nobody has come to."""
        fields = self._fields.get(step)
        return None if fields is None else ImmutableMultiDict(fields)

    def put(self, step: str, fields: Iterable[tuple[str, str]]) -> None:
        """Have these fields instead of those before. Every step that was seen has at least one."""
        self._fields[step] = [("seen", "1"), *fields]

    def save(self, ctx: Context, resume: str) -> None:
        """Write it down; `resume` is where to go on. Raises Refused for more than any form holds."""
        keeping.keep(ctx, DRAFT, resume, self._pairs())

    def _pairs(self) -> Sequence[tuple[str, str]]:
        return [
            (f"{step}{_BETWEEN}{name}", value)
            for step, fields in self._fields.items()
            for name, value in fields
        ]


def drop(ctx: Context) -> bool:
    """It was all done, or is not wanted; False when there was nothing any more."""
    return keeping.drop(ctx, DRAFT)


def values(fields: Fields | None) -> Mapping[str, str]:
    """One value for each field, for those who ask for one."""
    return {} if fields is None else dict(fields)
