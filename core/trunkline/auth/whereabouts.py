"""Devices and places in words: what a list of sessions says about user agents and network addresses."""

from ipaddress import ip_address

from trunkline.i18n import gettext

_ = gettext

#: Words in user agents, the more telling ones first: Edge says Chrome, Chrome says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_PHONES = ("Android", "iPhone")


def describe_user_agent(text: str) -> str:
    """`Firefox on Linux`; what is known of it, or the first words where nothing is."""
    browser, system = (
        next((name for word, name in table if word in text), "") for table in (_BROWSERS, _SYSTEMS)
    )
    if browser and system:
        return _("{browser} on {system}", browser=browser, system=system)
    return browser or system or text[:60]


def is_phone(text: str) -> bool:
    """Whether a user agent is a phone's."""
    return any(word in text for word in _PHONES)


def describe_address(address: str, here: str = "") -> str:
    """Where a network address is, as far as it tells: `the same as now`, `this computer`, `an internal network`."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if here and address == here:
        return _("{address}, the same as now", address=address)
    if found.is_loopback:
        return _("{address}, this computer", address=address)
    if found.is_private:
        return _("{address}, an internal network", address=address)
    return address
