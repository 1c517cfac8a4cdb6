"""What was asked of geocoding providers, so that nobody is asked twice for one address."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import key_field
from trunkline.db.types import UtcDateTime

#: As source of a place: a person.
MANUAL = "manual"


class GeocodedAddress(SQLModel, table=True):
    """A provider's answer for an address; without coordinates where it knows none."""

    __tablename__ = "core_geocoded_address"

    id: int | None = key_field()
    #: SHA-256 of the provider's name and the address, as hexadecimal figures.
    digest: str = Field(max_length=64, unique=True)
    provider: str = Field(max_length=40)
    latitude: float | None = None
    longitude: float | None = None
    label: str = Field(default="", max_length=300)
    rough: bool = False
    asked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False, index=True)
