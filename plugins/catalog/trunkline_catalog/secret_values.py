"""Secret parameters of services: sealed apart from the others, opened only for the run of a playbook."""

from collections.abc import Mapping
from typing import Any

from trunkline import secrets
from trunkline_catalog.schemas import ProductView


def names_in(product: ProductView) -> frozenset[str]:
    """Names of the product's parameters that are secret."""
    return frozenset(parameter.name for parameter in product.parameters if parameter.secret)


def put_away(
    product: ProductView, service_number: str, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that may be seen, and the secret ones sealed: they open as that service's only."""
    hidden = names_in(product)
    plain = {name: value for name, value in values.items() if name not in hidden}
    sealed = {
        name: secrets.seal(str(value), bound_to=_place(service_number, name))
        for name, value in values.items()
        if name in hidden
    }
    return plain, sealed


def opened(service_number: str, sealed: Mapping[str, str]) -> dict[str, str]:
    """Secret values in clear. Never log or keep them."""
    return {
        name: secrets.unseal(value, bound_to=_place(service_number, name)) for name, value in sealed.items()
    }


def _place(service_number: str, name: str) -> str:
    return f"catalog_service:{service_number}:{name}"


def token(name: str, value: str, *, actor: int | None) -> str:
    """A secret on its way through the pages of a form: whoever typed it carries it on without its being shown."""
    return secrets.seal(value, bound_to=_way(name, actor))


def from_token(name: str, text: str, *, actor: int | None) -> str:
    """What `token` carried; empty when it is somebody else's, another field's or no token at all."""
    from trunkline.errors import ConfigError

    try:
        return secrets.unseal(text, bound_to=_way(name, actor)) if text else ""
    except (ConfigError, ValueError):
        return ""


def _way(name: str, actor: int | None) -> str:
    return f"catalog_form:{actor}:{name}"
