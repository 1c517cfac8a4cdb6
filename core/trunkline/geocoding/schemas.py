"""What goes into pins of sites."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trunkline.i18n import gettext as _


class PinSite(BaseModel):
    """Where a site is, in degrees (WGS 84); both empty to let its address decide."""

    model_config = ConfigDict(extra="forbid")

    latitude: float | None = Field(
        default=None,
        ge=-90,
        le=90,
        title=_("Latitude"),
        description=_("Degrees, south below zero: −25.4284."),
    )
    longitude: float | None = Field(
        default=None,
        ge=-180,
        le=180,
        title=_("Longitude"),
        description=_("Degrees, west below zero: −49.2733. Leave both empty to let the address decide."),
    )
    version: int | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError(_("Give latitude and longitude, or neither."))
        return self
