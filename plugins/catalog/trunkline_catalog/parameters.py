"""Values of a product's parameters, as they are asked and as they are kept."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline_catalog.schemas import ChangeOffer, Parameter, ParameterKind, ProductView

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def collected(
    product: ProductView,
    given: Mapping[str, Any],
    *,
    field: str = "parameters",
    kept: Collection[str] = (),
) -> dict[str, Any]:
    """Every parameter of the product: fixed ones from it, asked ones as given. Raises Refused naming `<field>.<name>`.

    `kept` are secrets that are there already: they stay when they are not given.
    """
    asked = {parameter.name for parameter in product.asked}
    for name in given:
        if name not in asked:
            raise Refused(
                _("{product} does not ask for “{name}”.", product=product.name, name=name),
                field=f"{field}.{name}",
                remedy=_("It asks for: {names}.", names=", ".join(sorted(asked)) or "–"),
            )
    values: dict[str, Any] = {}
    for parameter in product.parameters:
        place = f"{field}.{parameter.name}"
        raw = given.get(parameter.name) if parameter.ask else parameter.value
        if raw is None or raw == "":
            raw = parameter.value
        if raw == "":
            if parameter.required and parameter.name not in kept:
                raise Refused(_("Fill in {label}.", label=parameter.label), field=place)
            continue
        values[parameter.name] = checked_value(parameter, raw, field=place)
    return values


def changed_values(
    product: ProductView, offer: ChangeOffer, had: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """A service's parameters after a change; those that are not given stay. Raises Refused naming `parameters.<name>`.

    An empty secret is as good as none given.
    """
    known = {parameter.name: parameter for parameter in product.parameters}
    values = dict(had)
    for name, raw in given.items():
        place = f"parameters.{name}"
        if name not in offer.parameters or name not in known:
            raise Refused(
                _("This change does not ask for “{name}”.", name=name),
                field=place,
                remedy=_("It asks for: {names}.", names=", ".join(offer.parameters) or "–"),
            )
        if raw is None or str(raw).strip() == "":
            if known[name].required and not known[name].secret:
                raise Refused(_("Fill in {label}.", label=known[name].label), field=place)
            values.pop(name, None)
        else:
            values[name] = checked_value(known[name], raw, field=place)
    return values


def checked_value(parameter: Parameter, raw: Any, *, field: str) -> Any:
    """One value in the parameter's type. Raises Refused."""
    if parameter.secret:
        # A password may begin or end with a blank.
        return str(raw)
    text = str(raw).strip()
    if parameter.kind is ParameterKind.NUMBER:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise Refused(
                _("{label}: “{value}” is no number.", label=parameter.label, value=text), field=field
            ) from None
        # JSON has no decimals; whole numbers stay numbers, others keep every digit as text.
        return int(number) if number == number.to_integral_value() else str(number)
    if parameter.kind is ParameterKind.YES_NO:
        if text.lower() not in _YES | _NO:
            raise Refused(_("{label}: answer yes or no.", label=parameter.label), field=field)
        return text.lower() in _YES
    if parameter.kind is ParameterKind.CHOICE and text not in parameter.choices:
        raise Refused(
            _("{label}: “{value}” is none of the choices.", label=parameter.label, value=text),
            field=field,
            remedy=_("Choose one of {choices}.", choices=", ".join(parameter.choices)),
        )
    return text
