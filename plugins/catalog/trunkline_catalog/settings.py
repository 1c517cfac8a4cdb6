"""Settings of the catalogue."""

from decimal import Decimal

from pydantic import BaseModel, Field

from trunkline.i18n import gettext as _


class CatalogSettings(BaseModel):
    """What an operator decides about products."""

    second_person_above: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=12,
        decimal_places=2,
        title=_("Price changes that need a second person"),
        description=_(
            "A set-up or monthly price that rises or falls by more than this, in the operator’s currency, waits for a "
            "second person; 0: every change. Empty: none does."
        ),
    )
