"""Small facts about a customer, such as how many contracts there are: several parts of a page want one each, and each way to the
database costs more than what is asked. So those of the trunk are asked in one statement, whichever is wanted first.
"""

from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, ScalarSelect, Select, bindparam, select

from trunkline.db.prepared import Prepared
from trunkline.operation import Context

T = TypeVar("T")
#: Stands for the customer's key in what a fact selects.
CUSTOMER: BindParameter[int] = bindparam("customer_id")
_FACTS: list[ScalarSelect[Any]] = []


class Fact(Generic[T]):
    """One value about a customer, made at import. `asked` selects it, for `CUSTOMER`, from tables that are always there.

    Whoever asks has found the customer: what a limited actor may see is not looked at again.
    """

    def __init__(self, asked: "Select[Any]") -> None:
        self._place = len(_FACTS)
        _FACTS.append(asked.scalar_subquery())

    def of(self, ctx: Context, customer_id: int) -> T:
        """The value for one customer; what a unit of work that reads has asked once is not asked again."""
        known = ctx.once(
            ("core.customer.facts", customer_id, len(_FACTS)),
            lambda: _together(len(_FACTS)).rows(ctx, customer_id=customer_id)[0],
        )
        value: T = known[self._place]
        return value


@cache
def _together(number: int) -> Prepared:
    return Prepared(select(*_FACTS[:number]))
