"""Hosts that never leave this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
