"""What single services cost where it is not what their product costs."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """What a service costs a month from a moment on, until it becomes another product; in micro-units."""

    service_id: int
    product_code: str
    effective_from: datetime
    monthly_micros: int
    currency: str
    index_name: str
    #: Hundredths of a per cent that the index added; below zero it took.
    basis_points: int
    #: When it became another product; before `effective_from` where that was before the price began. None while it counts.
    effective_until: datetime | None = None


class OwnPriceView(BaseModel):
    """A price of a service's own as programs read it: `monthly` as decimal text, the adjustment in hundredths of a per cent.

    A change of plan sets `effective_until`; before `effective_from`, the price never counted.
    """

    product: str
    effective_from: datetime
    effective_until: datetime | None
    monthly: str
    currency: str
    index: str
    basis_points: int
