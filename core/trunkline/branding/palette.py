"""From one brand colour to all that depends on it: text stays readable whatever is picked (WCAG 2.2, 1.4.3 and 1.4.11)."""

from dataclasses import dataclass

_TEXT, _EDGE = 4.5, 3.0
#: The surfaces that brand colours lie on, light and dark; they are those of the style sheet.
_LIGHT, _DARK = "#f3f5f8", "#1d232c"
_WHITE, _BLACK = "#ffffff", "#000000"
#: How much of the brand tints the ground of initials and chips that bear it as text, at most.
_TINT = 0.13


@dataclass(frozen=True)
class Palette:
    """Colours as `#rrggbb`: `fg` is text on `brand`, `step` a surface beside it that still carries `fg`, `ink` text."""

    brand: str
    fg: str
    step: str
    edge: str
    ink_light: str
    ink_dark: str


def derive(colour: str) -> Palette:
    """What goes with a brand colour. Raises ValueError when it is no colour."""
    fg = max((_WHITE, _BLACK), key=lambda text: contrast(text, colour))
    away = _BLACK if fg == _WHITE else _WHITE
    pale = contrast(colour, _LIGHT) < _EDGE
    return Palette(
        brand=colour,
        fg=fg,
        step=_mixed(colour, away, 0.2),
        edge=_until(colour, _BLACK, _LIGHT, _EDGE) if pale else "transparent",
        ink_light=_ink(colour, _BLACK, _LIGHT),
        ink_dark=_ink(colour, _WHITE, _DARK),
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _ink(colour: str, towards: str, ground: str) -> str:
    """The colour as text on a ground of ours, and on one that it tints itself."""
    for step in range(21):
        mixed = _mixed(colour, towards, step / 20)
        if min(contrast(mixed, ground), contrast(mixed, _mixed(ground, mixed, _TINT))) >= _TEXT:
            return mixed
    return towards


def _until(colour: str, towards: str, ground: str, wanted: float) -> str:
    """The colour, moved as little as is needed until it stands out from `ground`."""
    for step in range(21):
        mixed = _mixed(colour, towards, step / 20)
        if contrast(mixed, ground) >= wanted:
            return mixed
    return towards


def _mixed(colour: str, other: str, part: float) -> str:
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + bytes(round(own + (their - own) * part) for own, their in pairs).hex()
