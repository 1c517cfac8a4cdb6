"""Secrets on their way through the steps of a form: typed once, carried on sealed, never shown."""

from collections.abc import Mapping
from typing import Any

from trunkline.i18n import gettext as _
from trunkline_catalog import secret_values
from trunkline_catalog.order_forms import PARAMETER
from trunkline_catalog.schemas import Parameter, ProductView

#: Names of the hidden inputs that carry what was typed on an earlier page.
KEPT = "kept_"


class TypedSecrets:
    """The secret parameters that one person typed into one form, by name."""

    def __init__(self, actor: int | None) -> None:
        self._actor = actor
        self.values: dict[str, str] = {}

    def read(self, product: ProductView, data: Mapping[str, Any], prefix: str = "") -> None:
        """What was typed now, else what was carried on from an earlier page."""
        for one in (one for one in product.asked if one.secret):
            typed = str(data.get(f"{prefix}{PARAMETER}{one.name}") or "")
            carried = str(data.get(f"{prefix}{KEPT}{one.name}") or "")
            value = typed or secret_values.from_token(one.name, carried, actor=self._actor)
            if value:
                self.values[one.name] = value

    def hidden(self, prefix: str = "") -> list[tuple[str, str]]:
        """Names and values of the hidden inputs that carry them on."""
        return [
            (f"{prefix}{KEPT}{name}", secret_values.token(name, value, actor=self._actor))
            for name, value in self.values.items()
        ]

    def shown(self, parameter: Parameter) -> str:
        """What a page says of it: whether it was entered."""
        return str(_("Entered")) if parameter.name in self.values else ""
