"""Networks that a program may come from."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from trunkline.i18n import gettext

_ = gettext

_BETWEEN = re.compile(r"[\s,;]+")
_MOST = 50


def read_networks(text: str) -> list[str]:
    """Addresses and networks in CIDR notation (RFC 4632, RFC 4291), in their shortest form, each once.

    Raises ValueError naming the one that is none, and for more than fifty.
    """
    found: list[str] = []
    for word in _BETWEEN.split(text.strip()):
        if word:
            found.append(_network(word))
    if len(found) > _MOST:
        raise ValueError(_("These are more than {n} networks.", n=_MOST))
    return list(dict.fromkeys(found))


def _network(word: str) -> str:
    try:
        return str(ip_network(word))
    except ValueError:
        pass
    try:
        meant = ip_network(word, strict=False)
    except ValueError:
        raise ValueError(
            _("“{word}” is no address and no network, such as 192.0.2.7 or 192.0.2.0/24.", word=word)
        ) from None
    raise ValueError(_("“{word}” has host bits set; did you mean {meant}?", word=word, meant=meant))


def lies_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    try:
        own: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(own, IPv6Address) and own.ipv4_mapped is not None:
        own = own.ipv4_mapped
    return any(own in ip_network(network) for network in networks)
